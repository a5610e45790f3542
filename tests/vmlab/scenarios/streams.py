"""Connections that carry lines all the time, over reloads, crashes and removals."""
import contextlib
import os
import signal

import checks
from actors import Ticking
from world import Failed, children_of, inside

SLACK = 4
VIP, PORT = checks.VIP, checks.PORT
DIRECT = '203.0.113.80'

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


def layout(world):
    """Masquerading from `front` to `back`, and direct routing in `flat`."""
    world.balancer('lb', {'front': ('front', ['192.0.2.1/24', f'{VIP}/32']),
                          'back': ('back', ['198.51.100.1/24']),
                          'flat': ('flat', ['203.0.113.1/24', f'{DIRECT}/32'])})
    world.node('client', {'eth0': ('front', ['192.0.2.9/24']),
                          'eth1': ('flat', ['203.0.113.9/24'])})
    servers = {}
    for name, last in (('one', 11), ('two', 12)):
        world.real_server(name, {'eth0': ('back', [f'198.51.100.{last}/24']),
                                 'eth1': ('flat', [f'203.0.113.{last}/24'])},
                          gateway='198.51.100.1', held=[DIRECT])
        servers[name] = world.serve(name, '0.0.0.0', PORT, label=name)
    return servers


def both_methods(*lasts):
    """The same servers, masqueraded and directly routed."""
    text = checks.virtual(''.join(checks.tcp(last) for last in lasts))
    return text + text.replace(VIP, DIRECT).replace('198.51.100.', '203.0.113.') \
        .replace('NAT', 'DR') + ALONE


def both_tables(*lasts):
    direct = f'-t {DIRECT}:{PORT}'
    return [checks.HEAD, *(checks.line(last) for last in lasts), f'-A {direct} -s rr',
            *(f'-a {direct} -r 203.0.113.{last}:80 -g -w 1' for last in lasts)]


def streams_to(world, label, *addresses):
    """A stream through each address that this server answers."""
    return [stream_to(world, label, address) for address in addresses]


def stream_to(world, label, address):
    for _ in range(2):
        stream = Ticking(inside(world.namespace('client')), address, PORT)
        world.servers.append(stream)
        if stream.label == label:
            return stream
    raise Failed(f'no stream of two through {address} leads to {label}')


@contextlib.contextmanager
def carried(world, what, streams):
    """Each stream carries lines while this goes on, and goes on behind it."""
    before = [stream.answered for stream in streams]
    yield
    during = [stream.answered - count for stream, count in zip(streams, before)]
    if min(during) < 1:
        raise Failed(f'{what}: lines of each stream meanwhile: {during}; '
                     f'{[stream.broken for stream in streams]}')
    go_on(world, what, streams)
    world.say(f'{what}: {during} lines meanwhile, longest exchange '
              f'{max(stream.longest for stream in streams):.3f} s')


def go_on(world, what, streams):
    now = [stream.answered for stream in streams]
    world.wait(f'{what}: the streams go on', SLACK,
               lambda: all(stream.answered > count + 1 for stream, count in zip(streams, now)),
               lambda: str([stream.broken for stream in streams]))


def a_reload_keeps_the_connections_of_servers_that_stay(world):
    """Two reloads that take another server away and bring it back, and a third with other times."""
    layout(world)
    daemon = world.start('lb', both_methods(11, 12))
    world.wait_table('lb', 'both servers at the start', world.START, both_tables(11, 12))
    streams = streams_to(world, 'one', VIP, DIRECT)
    with carried(world, 'a reload without the other', streams):
        daemon.reload(both_methods(11))
        world.wait_table('lb', 'one server after the reload', 10, both_tables(11))
    with carried(world, 'a reload with the other', streams):
        daemon.reload(both_methods(11, 12))
        world.wait_table('lb', 'both servers after the reload', 10, both_tables(11, 12))
    with carried(world, 'a reload with other times', streams):
        daemon.reload(both_methods(11, 12).replace('delay_loop 1', 'delay_loop 2')
                      .replace('lvs_sched rr', 'lvs_sched wrr'))
        world.wait_table('lb', 'another scheduler', 10, [
            line.replace('-s rr', '-s wrr') for line in both_tables(11, 12)])


def a_crash_of_any_child_keeps_the_connections(world):
    """Each child of the daemon is killed; the table and the streams stay as they are."""
    layout(world)
    daemon = world.start('lb', both_methods(11, 12))
    both = both_tables(11, 12)
    world.wait_table('lb', 'both servers at the start', world.START, both)
    world.wait_address('lb', '192.0.2.81', 10)
    streams = [*streams_to(world, 'one', VIP, DIRECT), *streams_to(world, 'two', VIP, DIRECT)]
    for number, pid in enumerate(sorted(children_of(daemon.process.pid)), 1):
        with carried(world, f'death of child {number}', streams):
            os.kill(pid, signal.SIGKILL)
            world.wait(f'another child for number {number}', 10,
                       lambda pid=pid: has_another(daemon, pid))
            world.wait_table('lb', f'after the death of child {number}', SLACK, both)
    world.expect('number of children', number, 2)


def has_another(daemon, pid):
    now = children_of(daemon.process.pid)
    return len(now) == 2 and pid not in now


def an_inhibited_or_drained_server_keeps_its_connections(world):
    """Weight 0 since its check fails, or since a reload says so: its connections go on, and others get
    the new ones."""
    servers = layout(world)
    checked = world.serve('one', '0.0.0.0', 8080, label='one')
    inhibited = checks.tcp(11, 'inhibit_on_failure').replace('TCP_CHECK {', '''TCP_CHECK {
            connect_port 8080''')
    text = checks.virtual(inhibited + checks.tcp(12)) + ALONE
    daemon = world.start('lb', text)
    both = [checks.HEAD, checks.line(11), checks.line(12)]
    world.wait_table('lb', 'both servers at the start', world.START, both)
    streams = streams_to(world, 'one', VIP)
    with carried(world, 'the failure of the check', streams):
        checked.stop()
        world.wait_table('lb', 'weight nought', checks.ROUND,
                         [checks.HEAD, checks.line(11, 0), checks.line(12)])
        world.expect('two requests', world.gets('client', VIP, PORT, 2), ['two', 'two'])
    with carried(world, 'the return', streams):
        checked.start()
        world.wait_table('lb', 'with its weight again', checks.ROUND, both)
    drained = text.replace('weight 1', 'weight 0', 1)
    with carried(world, 'weight 0 by a reload', streams):
        daemon.reload(drained)
        world.wait_table('lb', 'drained', 10, [checks.HEAD, checks.line(11, 0), checks.line(12)])
        world.expect('two requests', world.gets('client', VIP, PORT, 2), ['two', 'two'])


ALL = [a_reload_keeps_the_connections_of_servers_that_stay,
       a_crash_of_any_child_keeps_the_connections, an_inhibited_or_drained_server_keeps_its_connections]
