"""Thousands of checks a second by each daemon: processor time a check, and memory.

The servers are one process of holdfast-bench, which counts what was really asked. The yardstick is
what this kernel takes for a connection with nothing around it, at the same moment."""
import os
import subprocess
import time

from world import PROGRAMS, World, inside

COUNT = int(os.environ.get('CHECKS', '200'))
PERIOD = 10            # seconds that are counted
WARM = 120             # until all have been asked twice
POOL = 5               # real servers of a virtual one
BENCH = f'{PROGRAMS}/holdfast-bench'

TCP = '''TCP_CHECK {'''
HTTP = '''HTTP_GET {
            url {
                path /
                status_code 200
            }'''
REAL = '''
    real_server 198.18.{high}.{low} 80 {{
        weight 1
        {check}
            connect_timeout 3
        }}
    }}'''
VIRTUAL = '''
virtual_server 198.19.{high}.{low} 80 {{
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP{servers}
}}
'''


def configuration(check):
    def real(number):
        # As in tests/src/bin/bench/checks.rs.
        return REAL.format(high=number // 250, low=number % 250 + 1, check=check)

    def virtual(number):
        servers = ''.join(real(number * POOL + one) for one in range(POOL))
        return VIRTUAL.format(high=number // 250, low=number % 250 + 1, servers=servers)

    return ''.join(virtual(number) for number in range(COUNT // POOL))


class Servers:
    """The process that is checked."""

    def __init__(self, world):
        with inside(world.namespace('servers')):
            self.process = subprocess.Popen([BENCH, 'answer'], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.count()       # answered when they listen

    def count(self):
        """Connections, pages, resets."""
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return [int(word) for word in self.process.stdout.readline().split()]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def used(pid):
    """Processor seconds of a process: as a user, in the kernel."""
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return [int(field) / os.sysconf('SC_CLK_TCK') for field in fields[11:13]]


def pss(pid):
    with open(f'/proc/{pid}/smaps_rollup', encoding='utf-8') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('Pss:'))


def bare(world):
    """Microseconds of processor time for a connection and nothing else."""
    with inside(world.namespace('lb')):
        told = subprocess.run([BENCH, 'connect'], check=True, stdout=subprocess.PIPE, text=True)
    return int(told.stdout) / 1000


def measure(kind, mark, name, check):
    """A line of figures; CPU a check in microseconds."""
    with World(mark, kind, f'/out/checks-{kind}-{name}') as world:
        world.balancer('lb', {'back': ('back', ['198.51.100.1/24'])})
        world.node('servers', {'eth0': ('back', ['198.51.100.2/24'])},
                   extra=['route add local 198.18.0.0/15 dev lo'])
        world.run('lb', 'ip', 'route', 'add', '198.18.0.0/15', 'via', '198.51.100.2')
        servers = Servers(world)
        world.servers.append(servers)
        first = bare(world)
        which = 1 if check is HTTP else 0
        base = servers.count()[which]
        daemon = world.start('lb', configuration(check))
        started = time.monotonic()
        while servers.count()[which] < base + 2 * COUNT:
            if time.monotonic() - started > WARM:
                raise TimeoutError(f'{name}: {servers.count()} after {WARM} s')
            time.sleep(0.2)
        with open(f'{daemon.base}.checkers.pid', encoding='utf-8') as file:
            checker = int(file.read())
        begun, before, seen = time.monotonic(), used(checker), servers.count()
        time.sleep(PERIOD)
        behind, saw, took = used(checker), servers.count(), time.monotonic() - begun
        done = saw[which] - seen[which]
        user, system = (1e6 * (new - old) / done for new, old in zip(behind, before))
        memory = pss(checker)
        daemon.kill()
        yardstick = (first + bare(world)) / 2
        print(f'{kind:<12} {name}: {done / took:.0f} checks a second, {user + system:.0f} us of '
              f'CPU a check ({user:.0f} as a user, {system:.0f} in the kernel; a bare connection '
              f'{yardstick:.0f}), {saw[2] - seen[2]} reset, {memory} KiB', flush=True)
        return user + system


def compare(kinds):
    """Each kind of check by each daemon."""
    for name, check in (('TCP_CHECK', TCP), ('HTTP_GET', HTTP)):
        each = {kind: measure(kind, f'c{number}{name[0]}', name, check)
                for number, kind in enumerate(kinds)}
        if len(each) == 2:
            one, two = each.values()
            print(f'{name}: {" / ".join(each)} = {one / two:.2f}', flush=True)
