"""The load balancing examples of the tutorials, word for word, in networks as they describe them."""
import os

SEEDS = '/share2'
SLACK = 4            # seconds: an emulated processor, many worlds at a time


def seed(name):
    with open(os.path.join(SEEDS, f'{name}.conf'), encoding='utf-8') as file:
        return file.read()


def direct_routing_with_two_ports(world):
    """One balancer; the second server is checked on a port of its own."""
    service = '172.16.12.250:80'
    # Direct routing cannot change the port, so the kernel has that of the service.
    first, second = '172.16.12.129:80', '172.16.12.130:80'
    both = [f'-A -t {service} -s rr', f'-a -t {service} -r {first} -g -w 1',
            f'-a -t {service} -r {second} -g -w 1']
    world.balancer('lb', {'ens33': ('lan', ['172.16.12.128/24'])})
    world.node('client', {'eth0': ('lan', ['172.16.12.9/24'])})
    for name, address in (('rs1', '172.16.12.129'), ('rs2', '172.16.12.130')):
        world.real_server(name, {'eth0': ('lan', [f'{address}/24'])}, held=['172.16.12.250'])
    one = world.serve('rs1', '0.0.0.0', 80, label='one')
    two = world.serve('rs2', '0.0.0.0', 80, label='two')
    checked = world.serve('rs2', '0.0.0.0', 8080, label='two')
    daemon = world.start('lb', seed('001-dr-two-ports'))
    world.wait_table('lb', 'both servers at the start', world.START, both)
    world.wait_address('lb', '172.16.12.250', 10)
    world.expect('four requests', world.gets('client', '172.16.12.250', 80, 4),
                 ['one', 'one', 'two', 'two'])
    checked.stop()
    # delay_loop 3, three retries of 3 s
    world.wait_table('lb', 'the second server is gone', 3 + 3 * 3 + SLACK, both[:2])
    world.expect('four requests', world.gets('client', '172.16.12.250', 80, 4), ['one'] * 4)
    checked.start()
    world.wait_table('lb', 'the second server is back', 3 + SLACK, both)
    one.stop()
    world.wait_table('lb', 'the first server is gone', 3 + 3 * 3 + SLACK, [both[0], both[2]])
    world.expect('two requests', world.gets('client', '172.16.12.250', 80, 2), ['two'] * 2)
    daemon.stop()
    world.wait_table('lb', 'nothing after the stop', SLACK, [''])
    two.stop()


def a_pair_with_direct_routing_and_persistence(world):
    """Two balancers; the address moves, both hold the table, a client stays with its server."""
    service = '192.168.182.100:80'
    both = [f'-A -t {service} -s rr -p 50', f'-a -t {service} -r 192.168.182.141:80 -g -w 1',
            f'-a -t {service} -r 192.168.182.142:80 -g -w 1']
    for number in (1, 2):
        world.balancer(f'lb{number}', {'ens160': ('lan', [f'192.168.182.13{number}/24'])})
        name = f'rs{number}'
        world.real_server(name, {'eth0': ('lan', [f'192.168.182.14{number}/24'])},
                          held=['192.168.182.100'])
    servers = {label: world.serve(label, '0.0.0.0', 80, label=label) for label in ('rs1', 'rs2')}
    for name in ('ann', 'bob'):
        world.node(name, {'eth0': ('lan', [f'192.168.182.{9 if name == "ann" else 10}/24'])})
    first = world.start('lb1', seed('001-httpd-master'))
    second = world.start('lb2', seed('001-httpd-backup'))
    world.wait_table('lb1', 'both servers at the start', world.START, both)
    world.wait_table('lb2', 'both servers at the start', world.START, both)
    world.wait_address('lb1', '192.168.182.100', 10)
    # The second may have been faster to begin with.
    world.wait('the address is not on lb2', SLACK,
               lambda: not world.holds('lb2', '192.168.182.100'))
    persistent = {name: world.gets(name, '192.168.182.100', 80, 3) for name in ('ann', 'bob')}
    world.expect('one server per client', [len(set(three)) for three in persistent.values()], [1, 1])
    world.expect('another for the other', persistent['ann'] == persistent['bob'], False)
    world.power_off('lb1', 'ens160', first)
    world.wait_address('lb2', '192.168.182.100', 4 + SLACK)
    world.wait('ann is answered again', SLACK,
               lambda: world.get('ann', '192.168.182.100', 80) in servers)
    world.record('lb2', 'the-second-balancer-is-master')
    second.stop()
    world.wait_table('lb2', 'nothing after the stop', SLACK, [''])


def masquerading_with_digests_and_a_sorry_server(world):
    """No server has the page with that digest, so the sorry server is all that is left."""
    service = '192.168.200.16:1358'
    head = f'-A -t {service} -s rr -p 50'
    world.balancer('lb', {'eth0': ('lan', ['192.168.200.10/24'])})
    for name, address in (('rs1', '192.168.200.2'), ('rs2', '192.168.200.3'),
                          ('sorry', '192.168.200.200')):
        world.real_server(name, {'eth0': ('lan', [f'{address}/24'])}, gateway='192.168.200.10')
        server = world.serve(name, '0.0.0.0', 1358, label=name)
        server.pages['/testurl/test.jsp'] = (200, 'another text')
    daemon = world.start('lb', seed('001-slash-remarks'))
    # Not kept: the first check may end it while the table is read for that.
    world.wait_lines('lb', 'both servers at the start', world.START, [
        head, *(f'-a -t {service} -r 192.168.200.{last}:1358 -m -w 1' for last in (2, 3))])
    # up to delay_loop 6 to begin with, three retries of 3 s
    world.wait_table('lb', 'only the sorry server', 6 + 3 * 3 + 2 * SLACK,
                     [head, f'-a -t {service} -r 192.168.200.200:1358 -m -w 1'])
    daemon.stop()
    world.wait_table('lb', 'nothing after the stop', SLACK, [''])


def a_tls_check_of_the_own_address(world):
    """The example names the virtual address as its only server; nobody there speaks TLS."""
    service = '172.16.28.65:80'
    head = f'-A -t {service} -s rr -p 50'
    world.balancer('lb', {'eth1': ('lan', ['172.16.28.10/24'])})
    daemon = world.start('lb', seed('002-commented-ssl-get'))
    world.wait_lines('lb', 'the server at the start', world.START,
                     [head, f'-a -t {service} -r {service} -m -w 1'])
    world.wait_table('lb', 'no server is left', 6 + 3 * 3 + 2 * SLACK, [head])
    daemon.stop()
    world.wait_table('lb', 'nothing after the stop', SLACK, [''])


ALL = [direct_routing_with_two_ports, a_pair_with_direct_routing_and_persistence,
       masquerading_with_digests_and_a_sorry_server, a_tls_check_of_the_own_address]
