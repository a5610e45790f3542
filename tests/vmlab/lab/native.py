"""Commands run natively in a copy of the root tree, to compile things or to derive an image."""
import os
import re
import shutil
import subprocess
import tempfile

from .cache import build
from .common import CACHE, Trouble, cached, image_path, need_root, run
from .disk import chroot, pack_root

ENVIRONMENT = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
               'HOME': '/root', 'LC_ALL': 'C.UTF-8'}


def in_chroot(options):
    """Runs options.cmd in a throw-away chroot; its exit status."""
    return with_tree(options, lambda tree: None)


def derive(options):
    """Runs options.cmd in a chroot and packs the result as an image of that name."""
    if not re.fullmatch(r'[A-Za-z0-9._-]+', options.name):
        raise Trouble(f'{options.name!r} is no name for an image: letters, digits, dot, dash')
    return with_tree(options, lambda tree: pack_root(tree, image_path(options.name)))


def with_tree(options, when_done):
    build()
    need_root(options.verb)
    work = tempfile.mkdtemp(prefix='tree.', dir=CACHE)
    tree = os.path.join(work, 'root')
    try:
        run('cp', '-a', cached('root'), tree)
        with chroot(tree, binds(options)):
            status = subprocess.run(['chroot', tree, *command(options)], env=ENVIRONMENT,
                                    check=False).returncode
        if status == 0:
            when_done(tree)
        return status
    finally:
        shutil.rmtree(work, ignore_errors=True)


def command(options):
    return ['bash', '-c', options.cmd[0]] if len(options.cmd) == 1 else options.cmd


def binds(options):
    found = []
    for share in options.share:
        source, _, place = share.partition('=')
        found.append((os.path.abspath(source), place or '/share', True))
    if getattr(options, 'out', None):
        os.makedirs(options.out, exist_ok=True)
        found.append((os.path.abspath(options.out), '/out', False))
    return found
