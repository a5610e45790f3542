"""Disk images, the initial RAM disk's archive, and a chroot with its mounts."""
import contextlib
import os
import subprocess

from .common import output_of, run

SPARE_ROOT_MIB, SPARE_SHARE_MIB = 512, 16


def cpio(entries):
    """A newc archive from (name, mode, bytes)."""
    out = bytearray()
    for number, (name, mode, data) in enumerate([*entries, ('TRAILER!!!', 0, b'')], 1):
        path = name.encode() + b'\0'
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        out += b'070701' + b''.join(b'%08X' % field for field in fields) + path
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return bytes(out + b'\0' * (-len(out) % 512))


def label(tree):
    """Security labels for a root tree, from its own policy; needs no SELinux on this machine."""
    contexts = '/etc/selinux/default/contexts/files/file_contexts'
    skipped = [word for path in ('/proc', '/share', '/out') for word in ('-e', path)]
    with chroot(tree):              # setfiles reaches files through /proc/self/fd
        run('chroot', tree, '/sbin/setfiles', '-F', *skipped, contexts, '/',
            stdout=subprocess.DEVNULL)


def pack(tree, image, spare):
    """An ext4 image of a tree, with this many MiB to spare."""
    kib = int(output_of('du', '-skx', tree).split()[0])
    part = image + '.part'
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    run('mke2fs', '-q', '-F', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', tree, part,
        f'{kib * 11 // 10 // 1024 + spare}M', stdout=subprocess.DEVNULL)
    os.replace(part, image)


def pack_root(tree, image):
    label(tree)
    pack(tree, image, SPARE_ROOT_MIB)


@contextlib.contextmanager
def chroot(tree, binds=()):
    """/proc, and binds as (directory, place, read-only), mounted for the length of a block."""
    with contextlib.ExitStack() as mounts:
        mount(mounts, os.path.join(tree, 'proc'), '-t', 'proc', 'proc')
        for source, place, read_only in binds:
            point = os.path.join(tree, place.lstrip('/'))
            mount(mounts, point, '--bind', source)
            if read_only:
                run('mount', '-o', 'remount,bind,ro', point)
        yield tree


def mount(mounts, point, *words):
    os.makedirs(point, exist_ok=True)
    run('mount', *words, point)
    mounts.callback(run, 'umount', point)
