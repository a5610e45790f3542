"""A kernel whose modules are not there, or take their time. Each needs a guest of its own: a module
that one scenario loads is there for all. holdfast alone; keepalived ends itself without IPVS."""
import os
import socket
import struct
import subprocess
import threading
import time

import checks
import streams
from world import inside

BARRED = '/etc/modprobe.d/barred.conf'
RETRY = 10             # seconds between two tries of holdfast
SLOW = 4               # seconds that a module takes
PAUSE = 0.5            # seconds at both ends of that
VIP = checks.VIP


def bar(*lines):
    """What modprobe finds from now on."""
    with open(BARRED, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')


class Adverts:
    """When each advert of the node was heard on its network."""

    def __init__(self, world, node):
        self.heard = []
        with inside(world.namespace(node)):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
        group = struct.pack('4s4s', socket.inet_aton('224.0.0.18'), socket.inet_aton('192.0.2.9'))
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while self.socket.recv(2048):
            self.heard.append(time.monotonic())

    def between(self, begin, end):
        return [at for at in self.heard if begin < at < end]


def modules_that_come_late_or_slowly_do_not_touch_vrrp(world):
    """No IPVS at first: one line, checks go on. Then all but one scheduler; then that one, whose
    module takes four seconds, in which adverts go on. Nothing is restarted."""
    bar('install ip_vs /bin/false', 'install ip_vs_mh /bin/false')
    servers = checks.layout(world)
    adverts = Adverts(world, 'client')
    other = checks.virtual(checks.tcp(12)).replace(f'{VIP} 80', f'{VIP} 81') \
        .replace('lvs_sched rr', 'lvs_sched mh')
    text = checks.virtual(checks.tcp(11) + checks.tcp(12)) + other \
        + streams.ALONE.replace('advert_int 1', 'advert_int 0.1\n    version 3')
    daemon = world.start('lb', text)
    world.wait_address('lb', '192.0.2.81', world.START)
    servers['one'].stop()
    daemon.wait_log('Removing service [198.51.100.11]:tcp:80', checks.ROUND)
    world.expect('lines about IPVS', daemon.told().count('IPVS is not in this kernel'), 1)
    world.expect('what to load', '`modprobe ip_vs`' in daemon.told(), True)

    bar('install ip_vs_mh /bin/false')
    daemon.wait_log('IPVS is in the kernel now', RETRY + checks.SLACK)
    world.wait_lines('lb', 'all but mh', checks.SLACK, [checks.HEAD, checks.line(12)])
    daemon.wait_log(f'VS [{VIP}]:tcp:81: adding it to the kernel failed', checks.SLACK)
    world.expect('which to load', '`modprobe ip_vs_mh`' in daemon.told(), True)

    began = f'/tmp/{world.mark}-began'
    bar(f'install ip_vs_mh /bin/touch {began}; /bin/sleep {SLOW}; '
        '/sbin/modprobe --ignore-install ip_vs_mh')
    world.wait('the module begins to load', RETRY + checks.SLACK, lambda: os.path.exists(began))
    begin = time.monotonic()
    mine = f'{VIP}:81'
    world.wait_lines('lb', 'mh as well', SLOW + checks.SLACK, [
        checks.HEAD, checks.line(12), f'-A -t {mine} -s mh', f'-a -t {mine} -r 198.51.100.12:80 -m -w 1'])
    meanwhile = adverts.between(begin + PAUSE, begin + SLOW - PAUSE)
    world.say(f'{len(meanwhile)} adverts while the module was loaded')
    # Ten a second in a machine that keeps time; that it sent none is what is looked for.
    world.expect('adverts went on', len(meanwhile) > 2 * SLOW, True)
    world.expect('children that died', daemon.told().count(' died: '), 0)
    subprocess.run(['rm', BARRED], check=True)


ALL = [modules_that_come_late_or_slowly_do_not_touch_vrrp]
