"""Starts, retries, hysteresis, and the scripts that tell of servers and of the quorum."""
import os

import checks
from kinds import write

VIP = checks.VIP
HEAD, SORRY = checks.HEAD, checks.line(20)
PORTS = (8001, 8002, 8003, 8004)
SCRIPT = '''#!/bin/sh
echo "$*" >> "$0-lines"
'''


def told(script):
    """The lines of the script, sorted: of one moment nobody has said which comes first."""
    try:
        with open(f'{script}-lines', encoding='utf-8') as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


class Told:
    """What the scripts have said since the last point."""

    def __init__(self, world):
        self.world, self.path, self.seen = world, f'/tmp/{world.mark}-tell', 0
        write(self.path, SCRIPT, 0o755)

    def wait(self, point, wanted, seconds=checks.SLACK):
        def new():
            return sorted(told(self.path)[self.seen:])
        self.world.wait(f'scripts: {point}', seconds, lambda: len(new()) >= len(wanted),
                        lambda: f'wanted {wanted}\nfound {new()}')
        self.world.expect(f'scripts: {point}', new(), sorted(wanted))
        self.world.keep(f'{point.replace(" ", "-")}.scripts', new())
        self.seen += len(wanted)


def member(port, script):
    return f'''
    real_server 198.51.100.11 {port} {{
        weight 1
        notify_up "{script} up {port}"
        notify_down "{script} down {port}"
        TCP_CHECK {{
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }}
    }}'''


def line(port):
    return f'-a -t {VIP}:80 -r 198.51.100.11:{port} -m -w 1'


def quorum_and_scripts_follow_the_servers(world):
    """alpha, quorum 3 with hysteresis 1 of four, a sorry server, omega."""
    checks.layout(world)
    servers = {port: world.serve('one', '0.0.0.0', port, label=str(port)) for port in PORTS}
    scripts = Told(world)
    tell = scripts.path
    words = (f'alpha\n    omega\n    quorum 3\n    hysteresis 1\n    sorry_server 198.51.100.20 80\n'
             f'    quorum_up "{tell} quorum up"\n    quorum_down "{tell} quorum down"')
    for port in PORTS[2:]:
        servers[port].stop()
    daemon = world.start('lb', checks.virtual(''.join(member(port, tell) for port in PORTS), words))
    # Two of four are up, and four are wanted to begin with.
    scripts.wait('two servers are up', ['quorum down', *(f'up {port}' for port in PORTS[:2]),
                                        *(f'down {port}' for port in PORTS[2:])], world.START)
    world.wait_table('lb', 'too few for the quorum', checks.SLACK, [HEAD, SORRY])
    for port in PORTS[2:]:
        servers[port].start()
    world.wait_table('lb', 'four are enough', checks.ROUND, [HEAD, *(line(port) for port in PORTS)])
    scripts.wait('the quorum is gained', [f'up {port}' for port in PORTS[2:]] + ['quorum up'])
    for port in PORTS[:2]:
        servers[port].stop()
    world.wait_table('lb', 'two are still enough', checks.ROUND, [HEAD, *map(line, PORTS[2:])])
    scripts.wait('two have left', [f'down {port}' for port in PORTS[:2]])
    servers[8003].stop()
    world.wait_table('lb', 'one is too few', checks.ROUND, [HEAD, SORRY])
    world.expect('two requests', world.gets('client', VIP, 80, 2), ['sorry', 'sorry'])
    scripts.wait('the quorum is lost', ['down 8003', 'quorum down'])
    for port in PORTS[:2]:
        servers[port].start()
    scripts.wait('three are not yet enough', [f'up {port}' for port in PORTS[:2]])
    world.wait_table('lb', 'the sorry server goes on', checks.SLACK, [HEAD, SORRY])
    servers[8003].start()
    world.wait_table('lb', 'four are enough again', checks.ROUND,
                     [HEAD, *(line(port) for port in PORTS)])
    world.expect('four requests', world.gets('client', VIP, 80, 4), list(map(str, PORTS)))
    scripts.wait('the quorum is back', ['up 8003', 'quorum up'])
    daemon.stop()
    world.wait_table('lb', 'nothing after the stop', checks.SLACK, [''])
    scripts.wait('all is over', [f'down {port}' for port in PORTS] + ['quorum down'])


def retries_count_only_behind_the_first_check(world):
    """A server that is not there at the start goes at its first failure, later after its retries."""
    servers = checks.layout(world)
    servers['one'].stop()
    slow = checks.tcp(11).replace('delay_before_retry 1', 'delay_before_retry 4') \
        .replace(' retry 1', ' retry 2')
    daemon = world.start('lb', checks.virtual(slow + checks.tcp(12)))
    daemon.wait_log('Gained quorum 1+0=1 <= 2', world.START)
    # A second and a part of delay_loop until the first check, none of its retries.
    world.wait_table('lb', 'without the dead one', 2 + checks.SLACK, [HEAD, checks.line(12)])
    servers['one'].start()
    world.wait_table('lb', 'it is there', checks.ROUND, [HEAD, checks.line(11), checks.line(12)])
    servers['one'].stop()
    took = world.wait_table('lb', 'gone after its retries', 1 + 2 * 4 + checks.SLACK,
                            [HEAD, checks.line(12)])
    world.expect('both retries', took >= 2 * 4 - 1, True)


ALL = [quorum_and_scripts_follow_the_servers, retries_count_only_behind_the_first_check]
