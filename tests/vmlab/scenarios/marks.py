"""Services by firewall mark, and groups, with real traffic."""
import checks

VIP = checks.VIP
GROUPED = ['192.0.2.81', '192.0.2.82', '192.0.2.83']

CONFIGURATION = f'''
virtual_server fwmark 7 {{
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 0 {{
        CHECK
    }}
    real_server 198.51.100.12 0 {{
        CHECK
    }}
}}
virtual_server_group G {{
    192.0.2.81-83 80
    fwmark 9
}}
virtual_server group G {{
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {{
        CHECK
    }}
    real_server 198.51.100.12 80 {{
        CHECK
    }}
}}
'''.replace('CHECK', '''TCP_CHECK {
            connect_port 80
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }''')
RULES = f'''
add table ip marks
add chain ip marks arriving {{ type filter hook prerouting priority mangle ; }}
add rule ip marks arriving ip daddr {VIP} tcp dport {{ 80, 8080 }} meta mark set 7
add rule ip marks arriving ip daddr {VIP} tcp dport 8443 meta mark set 9
'''


def table(*lasts):
    lines = []
    for address in GROUPED:
        lines.append(f'-A -t {address}:80 -s rr')
        lines += [f'-a -t {address}:80 -r 198.51.100.{last}:80 -m -w 1' for last in lasts]
    for mark, port in ((7, 0), (9, 80)):
        lines.append(f'-A -f {mark} -s rr')
        lines += [f'-a -f {mark} -r 198.51.100.{last}:{port} -m -w 1' for last in lasts]
    return lines


def marked_and_grouped_traffic_is_balanced(world):
    """Several ports by one mark, several addresses by one group; a server is gone from all."""
    servers = checks.layout(world)
    for name in ('one', 'two'):
        world.serve(name, '0.0.0.0', 8080, label=name)
    for address in GROUPED:
        world.run('lb', 'ip', 'address', 'add', f'{address}/32', 'dev', 'front')
    world.expect('rules', world.run('lb', 'nft', RULES), '')
    world.start('lb', CONFIGURATION)
    world.wait_table('lb', 'both servers at the start', world.START, table(11, 12))
    ways = [(VIP, 80), (VIP, 8080), (VIP, 8443), *((address, 80) for address in GROUPED)]
    for address, port in ways:
        world.expect(f'two requests to {address}:{port}', world.gets('client', address, port, 2),
                     ['one', 'two'])
    servers['one'].stop()
    world.wait_table('lb', 'one is gone', checks.ROUND, table(12))
    for address, port in ways:
        world.expect(f'two requests to {address}:{port}', world.gets('client', address, port, 2),
                     ['two', 'two'])


ALL = [marked_and_grouped_traffic_is_balanced]
