"""Two nodes: the address moves, and the load balancing with it."""
import checks

SLACK = 4
VIP = '192.0.2.80'


def vrrp(priority, words=''):
    return f'''
vrrp_instance VI_1 {{
    state BACKUP
    interface front
    virtual_router_id 51
    priority {priority}
    advert_int 1
    {words}
    virtual_ipaddress {{
        {VIP}/32
    }}
}}
'''


SYNCHRONISED = '''
global_defs {
    lvs_sync_daemon back VI_1 id 5
}
'''


def pair(world):
    for number in (1, 2):
        world.balancer(f'lb{number}', {'front': ('front', [f'192.0.2.{number}/24']),
                                       'back': ('back', [f'198.51.100.{number}/24'])})
    world.node('client', {'eth0': ('front', ['192.0.2.9/24'])})


def the_address_moves_when_the_master_dies(world):
    """VRRP alone: the daemon's programs run in this kernel."""
    pair(world)
    first = world.start('lb1', vrrp(150))
    world.wait_address('lb1', VIP, 10)
    second = world.start('lb2', vrrp(100))
    second.wait_log('Entering BACKUP STATE', 10)
    world.expect('the second is no master', world.holds('lb2', VIP), False)
    world.power_off('lb1', 'front', first)
    world.wait_address('lb2', VIP, 4 + SLACK)
    second.stop()
    world.expect('the address is gone', world.holds('lb2', VIP), False)


def the_table_follows_the_master(world):
    """Direct routing with ha_suspend: only the master checks and balances."""
    pair(world)
    service = f'-t {VIP}:80'
    servers = {}
    for name, last in (('one', 11), ('two', 12)):
        world.real_server(name, {'eth0': ('front', [f'192.0.2.{last}/24'])}, held=[VIP])
        servers[name] = world.serve(name, '0.0.0.0', 80, label=name)
    both = [f'-A {service} -s rr', *(f'-a {service} -r 192.0.2.{last}:80 -g -w 1'
                                     for last in (11, 12))]
    balanced = checks.virtual(checks.tcp(11) + checks.tcp(12), 'ha_suspend') \
        .replace('198.51.100.', '192.0.2.').replace('NAT', 'DR')
    balanced += SYNCHRONISED
    first = world.start('lb1', vrrp(150) + balanced)
    world.wait_address('lb1', VIP, 10)
    second = world.start('lb2', vrrp(100) + balanced)
    second.wait_log('Entering BACKUP STATE', 10)
    for node, state in (('lb1', 'master'), ('lb2', 'backup')):
        world.wait(f'synchronisation as {state} on {node}', SLACK,
                   lambda node=node, state=state: synchronises(world, node, state))
    world.wait_table('lb1', 'the first is master', 10, both)
    world.expect('four requests', world.gets('client', VIP, 80, 4), ['one', 'one', 'two', 'two'])
    servers['one'].stop()
    world.wait_table('lb1', 'a server is gone', checks.ROUND, [both[0], both[2]])
    world.record('lb2', 'a-server-is-gone')
    first.stop()
    world.wait_address('lb2', VIP, 4 + SLACK)
    world.wait_table('lb1', 'the first has stopped', SLACK, [''])
    world.wait('synchronisation as master on lb2', SLACK,
               lambda: synchronises(world, 'lb2', 'master'))
    world.wait_table('lb2', 'the second is master', checks.ROUND + SLACK, [both[0], both[2]])
    world.expect('two requests', world.gets('client', VIP, 80, 2), ['two', 'two'])


def synchronises(world, node, state):
    told = world.run(node, 'ipvsadm', '-L', '--daemon')
    return f'{state} sync daemon (mcast=back, syncid=5' in told


ALL = [the_address_moves_when_the_master_dies, the_table_follows_the_master]
