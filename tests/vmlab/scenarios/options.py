"""Configurations without checks: every option reaches the table, and a reload changes only that."""
import os
import signal

import checks
import configurations
from servers import Stream
from world import children_of, inside

SLACK = 4


# An instance beside, so that there is a VRRP child.
ALONE = '''
vrrp_instance VI_1 {
    interface front
    virtual_router_id 51
    advert_int 1
    virtual_ipaddress {
        192.0.2.81/32
    }
}
'''


def table_of(text, lines):
    """A scenario: this configuration gives this table, and none after the stop."""
    def scenario(world):
        world.balancer('lb', {'eth0': ('lan', ['192.0.2.1/24', '198.51.100.1/24',
                                               '2001:db8::1/64', '2001:db8:1::1/64'])})
        daemon = world.start('lb', text)
        world.wait_table('lb', 'table', 10, lines)
        daemon.stop()
        world.wait_table('lb', 'nothing after the stop', SLACK, [''])
    return scenario


def named(name, scenario):
    scenario.__name__ = name
    return scenario


PERSISTENT = [
    '-A -t 192.0.2.1:443 -s wlc -p 50 -M 255.255.255.0',
    '-a -t 192.0.2.1:443 -r 198.51.100.11:443 -g -w 1',
    '-A -t [2001:db8::1]:443 -s wlc -p 50 -M 64',
    '-a -t [2001:db8::1]:443 -r [2001:db8:1::11]:443 -g -w 1',
]
FLAGS = [
    '-A -t 192.0.2.2:80 -s sh -b sh-fallback,sh-port',
    '-a -t 192.0.2.2:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.3:80 -s mh -b mh-fallback,mh-port',
    '-a -t 192.0.2.3:80 -r 198.51.100.11:80 -m -w 1',
    '-A -u 192.0.2.1:53 -s rr -o',
    '-a -u 192.0.2.1:53 -r 198.51.100.11:53 -m -w 1',
    '-A -u 192.0.2.4:5060 -s rr -p 60 --pe sip',
    '-a -u 192.0.2.4:5060 -r 198.51.100.11:5060 -m -w 1',
    '-A --sctp-service 192.0.2.5:36412 -s rr',
    '-a --sctp-service 192.0.2.5:36412 -r 198.51.100.11:36412 -m -w 1',
]
GUE = '--tun-type gue --tun-port 6080'
TUNNELS = [
    '-A -t 192.0.2.1:80 -s rr',
    '-a -t 192.0.2.1:80 -r 198.51.100.11:80 -i -w 1 --tun-type ipip',
    f'-a -t 192.0.2.1:80 -r 198.51.100.12:80 -i -w 1 {GUE} --tun-csum',
    f'-a -t 192.0.2.1:80 -r 198.51.100.13:80 -i -w 1 {GUE} --tun-remcsum',
    '-a -t 192.0.2.1:80 -r 198.51.100.14:80 -i -w 1 --tun-type gre --tun-csum',
    '-a -t 192.0.2.1:80 -r 198.51.100.15:80 -g -w 1',
    '-a -t 192.0.2.1:80 -r [2001:db8:1::11]:80 -i -w 1 --tun-type ipip',
]
MARKS = [
    '-A -t 192.0.2.10:80 -s rr',
    '-a -t 192.0.2.10:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.11:80 -s rr',
    '-a -t 192.0.2.11:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.20:8080 -s rr',
    '-a -t 192.0.2.20:8080 -r 198.51.100.11:80 -m -w 1',
    '-A -f 7 -s rr',
    '-a -f 7 -r 198.51.100.11:0 -g -w 1',
    '-A -f 7 -6 -s rr',
    '-a -f 7 -6 -r [2001:db8:1::11]:0 -g -w 1',
    '-A -f 9 -s rr',
    '-a -f 9 -r 198.51.100.11:80 -m -w 1',
]


def a_reload_keeps_the_connections_of_servers_that_stay(world):
    """A long stream through the virtual address, over two reloads."""
    checks.layout(world)
    both = checks.virtual(checks.tcp(11) + checks.tcp(12))
    daemon = world.start('lb', both)
    world.wait_table('lb', 'both servers at the start', 10,
                     [checks.HEAD, checks.line(11), checks.line(12)])
    streams = [Stream(inside(world.namespace('client')), checks.VIP, checks.PORT)
               for _ in range(2)]
    told = sorted(str(stream.ask('hello')) for stream in streams)
    world.expect('one stream per server', told, ['one hello', 'two hello'])
    stays = [stream for stream in streams if stream.ask('who') == 'one who'][0]
    daemon.reload(checks.virtual(checks.tcp(11)))
    world.wait_table('lb', 'one server after the reload', 10, [checks.HEAD, checks.line(11)])
    world.expect('the stream goes on', stays.ask('again'), 'one again')
    daemon.reload(both)
    world.wait_table('lb', 'both servers after the reload', 10,
                     [checks.HEAD, checks.line(11), checks.line(12)])
    world.expect('the stream goes on', stays.ask('still'), 'one still')


def a_crash_of_any_child_keeps_the_connections(world):
    """Each child of the daemon is killed; the table and a long stream stay as they are."""
    checks.layout(world)
    daemon = world.start('lb', checks.virtual(checks.tcp(11) + checks.tcp(12)) + ALONE)
    both = [checks.HEAD, checks.line(11), checks.line(12)]
    world.wait_table('lb', 'both servers at the start', 10, both)
    world.wait_address('lb', '192.0.2.81', 10)
    stream = Stream(inside(world.namespace('client')), checks.VIP, checks.PORT)
    label = stream.ask('hello').split()[0]
    for number, pid in enumerate(sorted(children_of(daemon.process.pid)), 1):
        os.kill(pid, signal.SIGKILL)
        world.wait(f'another child for number {number}', 10,
                   lambda pid=pid: has_another(daemon, pid))
        world.expect('the stream goes on', stream.ask(str(number)), f'{label} {number}')
        world.wait_table('lb', f'after the death of child {number}', SLACK, both)
    world.expect('number of children', number, 2)


def has_another(daemon, pid):
    now = children_of(daemon.process.pid)
    return len(now) == 2 and pid not in now


ALL = [
    named('persistence_and_thresholds_reach_the_table', table_of(configurations.PERSISTENT, PERSISTENT)),
    named('flags_of_services_reach_the_table', table_of(configurations.FLAGS, FLAGS)),
    named('tunnels_reach_the_table', table_of(configurations.TUNNELS, TUNNELS)),
    named('firewall_marks_and_groups_reach_the_table', table_of(configurations.MARKS, MARKS)),
    a_reload_keeps_the_connections_of_servers_that_stay,
    a_crash_of_any_child_keeps_the_connections,
]
