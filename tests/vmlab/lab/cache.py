"""Builds the cache: a kernel with IPVS and SELinux, an initial RAM disk, a root image."""
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time

from .common import (CACHE, DIRECTORY, FILE, HERE, PROGRAM, Trouble, cached, image_path, need,
                     need_root, output_of, read, run, say, write)
from .disk import cpio, pack_root

SUITE = os.environ.get('VMLAB_SUITE', 'bookworm')
KERNEL = 'linux-image-cloud-amd64'      # ext4 built in; IPVS, nftables, vrf, netem as modules
PACKAGES = """
    systemd-sysv dbus udev kmod procps iproute2 iputils-ping iputils-arping ethtool ipvsadm
    nftables conntrack keepalived busybox-static python3 tcpdump strace psmisc openssl
    auditd selinux-policy-default policycoreutils selinux-utils semodule-utils checkpolicy
    m4 make gawk libgcc-s1 libcap2-bin""".split()
UNPACKED = ['selinux-policy-dev']       # headers only: what it depends on is large and unused
BOOT_MODULES = ['virtio_ring', 'virtio', 'virtio_mmio', 'virtio_pci_legacy_dev',
                'virtio_pci_modern_dev', 'virtio_pci', 'virtio_blk', 'virtio_console']
LEFT_OUT = ('doc', 'man', 'locale', 'info')
MASKED_UNITS = ('fstrim.timer', 'dpkg-db-backup.timer', 'systemd-tmpfiles-clean.timer',
                'logrotate.timer', 'systemd-binfmt.service', 'systemd-update-utmp.service')
HOSTS = '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 vmlab\n'
EPOCH = '1700000000'                    # any fixed time: the same packages give the same tree


def key():
    """Changes with whatever goes into the cache."""
    parts = [read(path) for path in sorted(glob.glob(os.path.join(HERE, 'guest', '*')))]
    parts += [read(os.path.join(HERE, 'lab', name)) for name in ('cache.py', 'disk.py')]
    return hashlib.sha256(b'\0'.join([*parts, SUITE.encode()])).hexdigest()[:16]


def is_built():
    try:
        return read(cached('key')).decode() == key()
    except OSError:
        return False


def build(force=False):
    """Builds unless the cache is current; several callers at once build it once."""
    if is_built() and not force:
        return
    need_root('build')
    need('apt-get', 'dpkg-deb', 'perl', 'mke2fs')
    os.makedirs(CACHE, exist_ok=True)
    with open(cached('lock'), 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if force or not is_built():
            build_locked()


def build_locked():
    work = tempfile.mkdtemp(prefix='build.', dir=CACHE)
    started = time.monotonic()
    try:
        say(f'building the virtual machine into {CACHE} (once, about a minute)')
        debs = fetch(work)
        tree = bootstrap(work, debs)
        version = add_kernel(work, debs, tree)
        furnish(tree)
        write_manifest(tree, version)
        pack_initrd(work, tree)
        pack_root(tree, image_path())
        keep(tree)
        say(f'built in {time.monotonic() - started:.0f} s')
    finally:
        shutil.rmtree(work, ignore_errors=True)


def sources():
    """This machine's own apt sources for the suite, as they stand."""
    if os.environ.get('VMLAB_SOURCES'):
        return [os.environ['VMLAB_SOURCES']]
    files = ['/etc/apt/sources.list', *sorted(glob.glob('/etc/apt/sources.list.d/*'))]
    found = [path for path in files if path.endswith(('.list', '.sources')) and is_debian(path)]
    if not found:
        raise Trouble(f'no apt source for Debian {SUITE} is here; set VMLAB_SOURCES to a file')
    return found


def is_debian(path):
    if not os.path.isfile(path):
        return False
    text = read(path).decode(errors='replace')
    return ('debian-archive-keyring' in text
            or bool(re.search(rf'^deb .*/debian\S* {SUITE}\b', text, re.M)))


def kernel_package():
    """The package behind the name that follows the newest version."""
    found = re.search(r'Depends:.*?(linux-image-[^\s,]+)',
                      output_of('apt-cache', 'show', '--no-all-versions', KERNEL))
    if not found:
        raise Trouble(f'apt knows no {KERNEL}; run apt-get update')
    return found.group(1)


def fetch(work):
    """The packages that are unpacked, not installed; a function from name to file."""
    debs = os.path.join(work, 'debs')
    os.makedirs(debs)
    kernel = kernel_package()
    try:
        run('apt-get', '-qq', 'download', 'mmdebstrap', kernel, *UNPACKED, cwd=debs,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        raise Trouble(f'cannot download the kernel and mmdebstrap; run apt-get update and try '
                      f'again: {error.stderr.strip()}') from error
    files = {os.path.basename(path).split('_')[0]: path for path in glob.glob(f'{debs}/*.deb')}
    return {**files, 'kernel': files[kernel]}


def bootstrap(work, debs):
    """The root tree, by mmdebstrap run from its unpacked package."""
    tree = os.path.join(work, 'root')
    run('dpkg-deb', '-x', debs['mmdebstrap'], f'{work}/mm')
    left_out = [f'--dpkgopt=path-exclude=/usr/share/{name}/*' for name in LEFT_OUT]
    run('perl', f'{work}/mm/usr/bin/mmdebstrap', '-q', '--mode=root', '--variant=essential',
        *left_out, '--aptopt=Apt::Install-Recommends "false"',
        '--include=' + ','.join(PACKAGES), SUITE, tree, *sources(),
        env={**os.environ, 'SOURCE_DATE_EPOCH': EPOCH,
             'PATH': f"{work}/mm/usr/bin:{os.environ['PATH']}"})
    for name in UNPACKED:
        run('dpkg-deb', '-x', debs[name], tree)
    return tree


def add_kernel(work, debs, tree):
    run('dpkg-deb', '-x', debs['kernel'], f'{work}/kernel')
    version = os.listdir(f'{work}/kernel/lib/modules')[0]
    shutil.copytree(f'{work}/kernel/lib/modules/{version}', f'{tree}/usr/lib/modules/{version}')
    run('chroot', tree, 'depmod', version)
    shutil.copy(glob.glob(f'{work}/kernel/boot/vmlinuz-*')[0], cached('vmlinuz'))
    return version


def furnish(tree):
    """Our own files in the root tree."""
    guest = os.path.join(HERE, 'guest')
    for name in ('init', 'runner'):
        write(f'{tree}/usr/lib/vmlab/{name}', read(f'{guest}/{name}').decode(), 0o755)
    for name in ('vmlab.service', 'vmlab.target'):
        write(f'{tree}/usr/lib/systemd/system/{name}', read(f'{guest}/{name}').decode())
    write(f'{tree}/etc/machine-id', hashlib.sha256(b'vmlab').hexdigest()[:32] + '\n')
    write(f'{tree}/etc/hostname', 'vmlab\n')
    write(f'{tree}/etc/hosts', HOSTS)
    write(f'{tree}/etc/fstab', '')
    write(f'{tree}/etc/selinux/config', 'SELINUX=enforcing\nSELINUXTYPE=default\n')
    for unit in MASKED_UNITS:
        path = f'{tree}/etc/systemd/system/{unit}'
        if not os.path.lexists(path):
            os.symlink('/dev/null', path)
    for name in ('share', 'out'):
        os.makedirs(f'{tree}/{name}', exist_ok=True)


def write_manifest(tree, version):
    packages = output_of('chroot', tree, 'dpkg-query', '-W')
    write(cached('manifest'), f'kernel {version}\n{packages}')


def pack_initrd(work, tree):
    found = output_of('find', f'{work}/kernel/lib/modules', '-name', '*.ko').split()
    files = {os.path.basename(path)[:-3]: path for path in found}
    modules = [name for name in BOOT_MODULES if name in files]
    directories = ('bin', 'proc', 'sys', 'dev', 'run', 'modules', 'ctl')
    archive = cpio([*((name, DIRECTORY, b'') for name in directories),
                    ('init', PROGRAM, read(os.path.join(HERE, 'guest', 'initrd-init'))),
                    ('bin/busybox', PROGRAM, read(f'{tree}/usr/bin/busybox')),
                    ('modules/order', FILE, ' '.join(modules).encode()),
                    *((f'modules/{name}.ko', FILE, read(files[name])) for name in modules)])
    with open(cached('initrd'), 'wb') as file:
        file.write(archive)


def keep(tree):
    """The tree stays for `image` and `chroot`; images derived from the one before go."""
    if os.path.exists(cached('root')):
        shutil.rmtree(cached('root'))
    os.rename(tree, cached('root'))
    for old in glob.glob(cached('image.*')):
        os.unlink(old)
    write(cached('key'), key())
