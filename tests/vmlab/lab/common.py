"""Where the cache lies, and small helpers."""
import os
import shutil
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKSPACE = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.abspath(os.environ.get('VMLAB_CACHE')
                        or os.path.join(os.environ.get('CARGO_TARGET_DIR')
                                        or os.path.join(WORKSPACE, 'target'), 'vmlab'))

DIRECTORY, PROGRAM, FILE = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o755, stat.S_IFREG | 0o644

# Program and the Debian package that brings it.
NEEDED = {'qemu-system-x86_64': 'qemu-system-x86', 'mke2fs': 'e2fsprogs', 'apt-get': 'apt',
          'dpkg-deb': 'dpkg', 'perl': 'perl'}
WRONG_USE, TIMED_OUT, GUEST_DIED = 2, 124, 125


class Trouble(Exception):
    """Something that the caller has to know, and the exit status for it."""

    def __init__(self, text, status=WRONG_USE):
        super().__init__(text)
        self.status = status


def need(*programs):
    """Ends with the names of the packages that are missing."""
    places = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    missing = [name for name in programs if not shutil.which(name, path=places)]
    if missing:
        packages = ' '.join(NEEDED[name] for name in missing)
        raise Trouble(f'{", ".join(missing)} is not installed; install the package {packages}')
    os.environ['PATH'] = places


def need_root(what):
    if os.geteuid():
        raise Trouble(f'{what} needs root')


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, **options)


def output_of(*argv):
    return subprocess.check_output([str(word) for word in argv], text=True)


def cached(*parts):
    return os.path.join(CACHE, *parts)


def image_path(name=None):
    return cached(f'image.{name}.img' if name else 'root.img')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)


def say(text):
    sys.stderr.write(f'vmlab: {text}\n')
