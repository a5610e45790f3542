"""Health checks decide who is in the table: content, status, TLS, IPv6."""
import hashlib

VIP, PORT = '192.0.2.80', 80
SLACK = 3
ROUND = 1 + 1 * 1 + SLACK      # delay_loop 1, one retry after 1 s


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


def layout(world, address=VIP):
    """A balancer between the clients' network and the servers'."""
    world.balancer('lb', {'front': ('front', ['192.0.2.1/24', f'{address}/32']),
                          'back': ('back', ['198.51.100.1/24'])})
    world.node('client', {'eth0': ('front', ['192.0.2.9/24'])})
    servers = {}
    for name, last in (('one', 11), ('two', 12), ('sorry', 20)):
        world.real_server(name, {'eth0': ('back', [f'198.51.100.{last}/24'])},
                          gateway='198.51.100.1')
        servers[name] = world.serve(name, '0.0.0.0', PORT, label=name)
    return servers


def line(last, weight=1):
    return f'-a -t {VIP}:{PORT} -r 198.51.100.{last}:80 -m -w {weight}'


HEAD = f'-A -t {VIP}:{PORT} -s rr'


def http(last, body, words=''):
    return f'''
    real_server 198.51.100.{last} 80 {{
        weight 1
        {words}
        HTTP_GET {{
            url {{
                path /check
                digest {digest(body)}
            }}
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }}
    }}'''


def tcp(last, words=''):
    return f'''
    real_server 198.51.100.{last} 80 {{
        weight 1
        {words}
        TCP_CHECK {{
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }}
    }}'''


def virtual(body, words=''):
    return f'''
virtual_server {VIP} {PORT} {{
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    {words}
    {body}
}}
'''


def a_changed_page_takes_a_server_out(world):
    """HTTP_GET with digests: content, status, and a server that is gone altogether."""
    servers = layout(world)
    for name in ('one', 'two'):
        servers[name].pages['/check'] = (200, 'well')
    world.start('lb', virtual(http(11, 'well') + http(12, 'well')))
    both = [HEAD, line(11), line(12)]
    world.wait_table('lb', 'both servers at the start', world.START, both)
    world.expect('four requests', world.gets('client', VIP, PORT, 4), ['one', 'one', 'two', 'two'])
    servers['one'].pages['/check'] = (200, 'ill')
    world.wait_table('lb', 'another content', ROUND, [HEAD, line(12)])
    servers['one'].pages['/check'] = (200, 'well')
    world.wait_table('lb', 'the right content again', ROUND, both)
    servers['two'].pages['/check'] = (503, 'well')
    world.wait_table('lb', 'another status', ROUND, [HEAD, line(11)])
    servers['two'].pages['/check'] = (200, 'well')
    world.wait_table('lb', 'the right status again', ROUND, both)
    servers['two'].stop()
    world.wait_table('lb', 'nobody listens', ROUND, [HEAD, line(11)])
    world.expect('two requests', world.gets('client', VIP, PORT, 2), ['one', 'one'])


def a_page_over_tls_is_checked(world):
    world.balancer('lb', {'back': ('back', ['198.51.100.1/24'])})
    world.real_server('one', {'eth0': ('back', ['198.51.100.11/24'])})
    path = f'/tmp/{world.mark}.pem'
    world.run('one', 'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
              'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=one', '-keyout', path,
              '-out', path + '.crt')
    with open(path, 'a', encoding='utf-8') as whole, open(path + '.crt', encoding='utf-8') as part:
        whole.write(part.read())
    server = world.serve('one', '0.0.0.0', 80, label='one', certificate=path)
    server.pages['/check'] = (200, 'well')
    world.start('lb', virtual(http(11, 'well').replace('HTTP_GET', 'SSL_GET')))
    server_line = [HEAD, line(11)]
    world.wait_table('lb', 'the server at the start', world.START, server_line)
    server.pages['/check'] = (200, 'ill')
    world.wait_table('lb', 'another content', ROUND, [HEAD])
    server.pages['/check'] = (200, 'well')
    world.wait_table('lb', 'the right content again', ROUND, server_line)


def clients_with_ipv6_are_answered(world):
    """Masquerading from 2001:db8::/64 to 2001:db8:1::/64."""
    world.balancer('lb', {'front': ('front', ['2001:db8::1/64', '2001:db8::80/128']),
                          'back': ('back', ['2001:db8:1::1/64'])})
    world.set('lb', 'ipv6/conf/all/forwarding', 1)
    world.node('client', {'eth0': ('front', ['2001:db8::9/64'])})
    servers = {}
    for name, last in (('one', 11), ('two', 12)):
        world.real_server(name, {'eth0': ('back', [f'2001:db8:1::{last}/64'])},
                          gateway='2001:db8:1::1')
        servers[name] = world.serve(name, '::', PORT, label=name)
    text = virtual(tcp(11) + tcp(12)).replace(VIP, '2001:db8::80') \
        .replace('198.51.100.', '2001:db8:1::')
    world.start('lb', text)
    service = '-t [2001:db8::80]:80'
    both = [f'-A {service} -s rr',
            *(f'-a {service} -r [2001:db8:1::{last}]:80 -m -w 1' for last in (11, 12))]
    world.wait_table('lb', 'both servers at the start', world.START, both)
    world.expect('four requests', world.gets('client', '2001:db8::80', PORT, 4),
                 ['one', 'one', 'two', 'two'])
    servers['one'].stop()
    world.wait_table('lb', 'one server is gone', ROUND, [both[0], both[2]])
    world.expect('two requests', world.gets('client', '2001:db8::80', PORT, 2), ['two', 'two'])


ALL = [a_changed_page_takes_a_server_out, a_page_over_tls_is_checked,
       clients_with_ipv6_are_answered]
