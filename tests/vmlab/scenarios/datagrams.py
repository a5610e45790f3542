"""UDP services with clients that send datagrams."""
import checks
from actors import Asker, Datagrams, labelled
from world import inside

PLAIN, SINGLE = '192.0.2.80', '203.0.113.80'
PORT = 5353


def udp(address, words=''):
    return f'''
    real_server {address} {PORT} {{
        weight 1
        UDP_CHECK {{
            connect_timeout 1
            retry 1
            delay_before_retry 1
            {words}
        }}
    }}'''


def service(virtual, method, servers, words=''):
    return f'''
virtual_server {virtual} {PORT} {{
    delay_loop 1
    lvs_sched rr
    lvs_method {method}
    protocol UDP
    {words}
    {servers}
}}
'''


def layout(world):
    """Masquerading from `front` to `back`; direct routing in `flat`, whose servers answer past us."""
    world.balancer('lb', {'front': ('front', ['192.0.2.1/24', f'{PLAIN}/32']),
                          'back': ('back', ['198.51.100.1/24']),
                          'flat': ('flat', ['203.0.113.1/24', f'{SINGLE}/32'])})
    world.node('client', {'eth0': ('front', ['192.0.2.9/24']),
                          'eth1': ('flat', ['203.0.113.9/24'])})
    for name, last in (('one', 11), ('two', 12)):
        world.real_server(name, {'eth0': ('back', [f'198.51.100.{last}/24']),
                                 'eth1': ('flat', [f'203.0.113.{last}/24'])},
                          gateway='198.51.100.1', held=[SINGLE])


def clients_that_send_datagrams_are_answered(world):
    """Without one-packet scheduling a port stays with its server, with it each datagram goes round;
    UDP_CHECK takes out who is not there, and with require_reply who is there and mute."""
    layout(world)
    mute = set()

    def served(name, address):
        reply = labelled(name)
        return world.actor(name, Datagrams, address, PORT,
                           lambda data: None if name in mute else reply(data))

    servers = {name: served(name, f'198.51.100.{last}') for name, last in (('one', 11), ('two', 12))}
    for name, last in (('one', 11), ('two', 12)):
        served(name, SINGLE)
        served(name, f'203.0.113.{last}')
    plain = service(PLAIN, 'NAT', udp('198.51.100.11') + udp('198.51.100.12'))
    single = service(SINGLE, 'DR', udp('203.0.113.11', 'require_reply')
                     + udp('203.0.113.12', 'require_reply'), 'ops')
    world.start('lb', plain + single)
    lines = {
        'plain': f'-A -u {PLAIN}:{PORT} -s rr',
        'one': f'-a -u {PLAIN}:{PORT} -r 198.51.100.11:{PORT} -m -w 1',
        'two': f'-a -u {PLAIN}:{PORT} -r 198.51.100.12:{PORT} -m -w 1',
        'single': f'-A -u {SINGLE}:{PORT} -s rr -o',
        'flat one': f'-a -u {SINGLE}:{PORT} -r 203.0.113.11:{PORT} -g -w 1',
        'flat two': f'-a -u {SINGLE}:{PORT} -r 203.0.113.12:{PORT} -g -w 1',
    }

    def without(*names):
        return [line for name, line in lines.items() if name not in names]

    world.wait_table('lb', 'all servers at the start', world.START, without())
    stays, goes = asker(world), asker(world)
    told = [stays.ask(PLAIN, PORT, f'number {number}') for number in range(4)]
    world.expect('one port stays with its server', len(set(told) & set(servers)), 1)
    told = sorted(str(asker(world).ask(PLAIN, PORT, 'hello')) for _ in range(4))
    world.expect('four ports', told, ['one', 'one', 'two', 'two'])
    told = sorted(str(goes.ask(SINGLE, PORT, f'number {number}')) for number in range(4))
    world.expect('one port goes round with one-packet scheduling', told,
                 ['one', 'one', 'two', 'two'])
    servers['one'].stop()
    mute.add('two')
    world.wait_table('lb', 'who is not there and who is mute', checks.ROUND + 1,
                     without('one', 'flat two'))
    servers['one'].start()
    mute.clear()
    world.wait_table('lb', 'both are back', checks.ROUND, without())
    told = sorted(str(asker(world).ask(PLAIN, PORT, 'hello')) for _ in range(2))
    world.expect('two ports', told, ['one', 'two'])


def asker(world):
    return Asker(inside(world.namespace('client')))


ALL = [clients_that_send_datagrams_are_answered]
