"""Boots a guest, runs one command in it, brings back what it left."""
import contextlib
import os
import re
import shlex
import subprocess
import sys
import tarfile
import tempfile

from .cache import build
from .common import FILE, GUEST_DIED, TIMED_OUT, Trouble, cached, image_path, need, read, run
from .disk import SPARE_SHARE_MIB, cpio, pack

OUT_BYTES = 2 << 30                     # sparse
CONSOLE_TAIL = 4000                     # characters of the kernel's console told on trouble
# no_timer_check: on a loaded host an emulated timer may tick too late for the kernel's own test of it,
# which then panics ("IO-APIC + timer doesn't work").
KERNEL_LINE = ('console=ttyS0 panic=-1 quiet net.ifnames=0 sysctl.kernel.printk_ratelimit=0 '
               'no_timer_check')
SYSTEMD_LINE = 'systemd.unit=vmlab.target systemd.show_status=0 systemd.firstboot=0'
SHARE_LABEL = ',context=system_u:object_r:bin_t:s0'


def boot(options, interactive=False):
    """Runs options.cmd in a guest; its exit status."""
    need('qemu-system-x86_64', 'mke2fs')
    build()
    with tempfile.TemporaryDirectory(prefix='vmlab.') as work:
        root = root_disk(options)
        try:
            guest = Guest(options, interactive, work, root)
            late = guest.run()
            status = guest.collect()
            finish_root(options, root, status)
            if status is None:
                guest.explain(late)
            return status
        finally:
            if options.save:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(root)


def root_disk(options):
    """The image to boot; a copy of it when it is kept afterwards."""
    path = image_path(options.image)
    if not os.path.exists(path):
        raise Trouble(f'no image {options.image!r}; make it with `vmlab image`')
    if not options.save:
        return path
    copy = f'{image_path(options.save)}.{os.getpid()}'
    run('cp', '--reflink=auto', '--sparse=always', path, copy)
    return copy


def finish_root(options, root, status):
    if options.save and status is not None:
        os.replace(root, image_path(options.save))


def kvm_usable():
    """KVM that runs an unmodified kernel: the device opens and the processor shows VMX or SVM.
    (Where KVM is paravirtual only it opens too, and a stock guest never starts.)"""
    try:
        os.close(os.open('/dev/kvm', os.O_RDWR))
        return bool(re.search(rb'^flags.*\b(vmx|svm)\b', read('/proc/cpuinfo'), re.M))
    except OSError:
        return False


class Guest:
    """One virtual machine from its disks to its exit status."""

    def __init__(self, options, interactive, work, root):
        self.options, self.interactive, self.work = options, interactive, work
        self.systemd = options.selinux or options.systemd
        self.out = os.path.join(work, 'out.raw')
        self.shares, disks = self.pack_shares()
        keeps = 'off' if options.save else 'on'
        self.drives = [(root, 'root', keeps, 'off'), *disks, (self.out, 'out', 'off', 'off')]
        with open(self.out, 'wb') as file:
            file.truncate(OUT_BYTES)
        self.write_initrd()

    def pack_shares(self):
        places, disks = [], []
        for number, share in enumerate(self.options.share):
            source, _, place = share.partition('=')
            if not os.path.isdir(source):
                raise Trouble(f'no directory {source} to share')
            image = os.path.join(self.work, f'share{number}.img')
            pack(source, image, SPARE_SHARE_MIB)
            places.append(place or ('/share' if number == 0 else f'/share{number}'))
            disks.append((image, f'share{number}', 'off', 'on'))
        return places, disks

    def conf(self):
        """Shell variables; the initial RAM disk's busybox reads them too, hence the eval."""
        values = {'VMLAB_INIT': '/sbin/init' if self.systemd else '/usr/lib/vmlab/init',
                  'VMLAB_SYSTEMD': int(self.systemd), 'VMLAB_SAVE': int(bool(self.options.save)),
                  'VMLAB_TTY': int(self.interactive),
                  'VMLAB_TERM': os.environ.get('TERM', 'dumb'),
                  'VMLAB_SHARE_OPTS': SHARE_LABEL if self.options.selinux else ''}
        lines = [f'{name}={shlex.quote(str(value))}' for name, value in values.items()]
        array = shlex.quote(f'VMLAB_SHARES=({shlex.join(self.shares)})')
        return '\n'.join([*lines, f'[ -n "$BASH" ] && eval {array}', 'true', ''])

    def write_initrd(self):
        argv = b''.join(word.encode() + b'\0' for word in self.options.cmd or ['bash', '-l'])
        control = cpio([('ctl/conf', FILE, self.conf().encode()), ('ctl/argv', FILE, argv)])
        with open(os.path.join(self.work, 'initrd'), 'wb') as file:
            file.write(read(cached('initrd')) + control)

    def kernel_line(self, accel):
        words = [KERNEL_LINE]
        if accel == 'tcg':
            words.append('tsc=reliable')        # the host's TSC on all CPUs, else slow HPET
        if self.systemd:
            words.append(SYSTEMD_LINE)
        if self.options.selinux:
            enforcing = 0 if self.options.permissive else 1
            words.append(f'security=selinux selinux=1 enforcing={enforcing} audit=1 '
                         f'audit_backlog_limit=8192')
        return ' '.join([*words, self.options.append])

    def argv(self):
        accel = self.options.accel
        if accel == 'auto':
            accel = 'kvm' if kvm_usable() else 'tcg'
        how = {'kvm': ['-accel', 'kvm', '-cpu', 'host'],
               'tcg': ['-accel', 'tcg,thread=multi', '-cpu', 'max']}[accel]
        words = ['qemu-system-x86_64', '-M', 'q35', '-nodefaults', '-no-user-config', '-no-reboot',
                 '-display', 'none', '-nic', 'none', '-smp', self.options.cpus,
                 '-m', self.options.mem, *how, '-kernel', cached('vmlinuz'),
                 '-initrd', os.path.join(self.work, 'initrd'), '-append', self.kernel_line(accel),
                 '-chardev', f'file,id=log,path={self.work}/console', '-serial', 'chardev:log',
                 '-chardev', 'stdio,id=tty,signal=off', '-device', 'virtio-serial-pci',
                 '-device', 'virtconsole,chardev=tty']
        for number, (path, serial, snapshot, read_only) in enumerate(self.drives):
            words += ['-drive', f'id=d{number},if=none,format=raw,cache=unsafe,file={path},'
                                f'snapshot={snapshot},readonly={read_only}',
                      '-device', f'virtio-blk-pci,drive=d{number},serial={serial}']
        return [str(word) for word in words]

    def run(self):
        """True when the time was up."""
        stdin = None if self.interactive else subprocess.DEVNULL
        with subprocess.Popen(self.argv(), stdin=stdin) as qemu:
            try:
                qemu.wait(None if self.interactive else self.options.timeout)
                return False
            except subprocess.TimeoutExpired:
                return True
            finally:
                if qemu.poll() is None:
                    qemu.kill()

    def console(self):
        return read(os.path.join(self.work, 'console')).decode(errors='replace')

    def collect(self):
        """The command's status, and /out where it was asked for; None when the guest left none."""
        if self.options.verbose:
            sys.stderr.write(self.console())
        try:
            with tarfile.open(self.out, 'r:') as archive:
                status = int(archive.extractfile('./.vmlab/rc').read())
                if self.options.out:
                    extract(archive, self.options.out)
                return status
        except (tarfile.TarError, KeyError, ValueError):
            return None

    def explain(self, late):
        sys.stderr.write(self.console()[-CONSOLE_TAIL:])
        if late:
            raise Trouble(f'the command took longer than {self.options.timeout:.0f} s', TIMED_OUT)
        raise Trouble('the guest died before the command finished', GUEST_DIED)


def extract(archive, target):
    os.makedirs(target, exist_ok=True)
    if hasattr(tarfile, 'data_filter'):
        archive.extractall(target, filter='data')
    else:
        archive.extractall(target)
