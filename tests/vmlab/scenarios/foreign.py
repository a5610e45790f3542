"""Somebody else's ipvsadm: what is ours comes back, what is not ours is left alone."""
import checks

VIP, HEAD, line = checks.VIP, checks.HEAD, checks.line
OTHER = ['-A -t 192.0.2.90:80 -s rr', '-a -t 192.0.2.90:80 -r 198.51.100.20:80 -m -w 1']
LOOK = 5               # seconds between two looks of holdfast at a small table
SYNCHRONISED = '''
global_defs {
    lvs_timeouts tcp 600 tcpfin 90 udp 200
    lvs_sync_daemon back id 7
}
'''


def ipvsadm(world, *words):
    world.expect(' '.join(words), world.run('lb', 'ipvsadm', *words), '')


PORTS = (81, 82, 83)


def unchecked(port):
    return checks.virtual(f'''
    real_server 198.51.100.11 80 {{
    }}
    real_server 198.51.100.12 80 {{
    }}''').replace(f'{VIP} 80', f'{VIP} {port}')


def own(*lasts):
    lines = [HEAD, *map(line, lasts)]
    for port in PORTS:
        lines += [one.replace(f'{VIP}:80', f'{VIP}:{port}') for one in (HEAD, line(11), line(12))]
    return lines


def changes_of_others_are_put_back_and_what_is_theirs_stays(world):
    """A server that somebody took away comes back with its next check at the latest. holdfast looks
    at the table every five seconds, and says that it was not itself."""
    servers = checks.layout(world)
    for words in OTHER:
        ipvsadm(world, *words.split())
    text = SYNCHRONISED + checks.virtual(checks.tcp(11) + checks.tcp(12)) \
        + ''.join(map(unchecked, PORTS))
    daemon = world.start('lb', text)
    world.wait_table('lb', 'both servers at the start', world.START, own(11, 12) + OTHER)
    # Gone for the kernel first, then for the check; and back.
    ipvsadm(world, '-d', '-t', f'{VIP}:80', '-r', '198.51.100.11:80')
    servers['one'].stop()
    daemon.wait_log('Removing service [198.51.100.11]:tcp:80', checks.ROUND)
    world.wait_table('lb', 'one is gone', checks.SLACK, own(12) + OTHER)
    servers['one'].start()
    world.wait_table('lb', 'one is back', checks.ROUND, own(11, 12) + OTHER)
    if world.kind == 'holdfast':
        is_put_back(world, daemon)
    daemon.stop()
    world.wait_table('lb', 'theirs stays', checks.SLACK, OTHER)


def is_put_back(world, daemon):
    server = ['-r', '198.51.100.11:80']
    ipvsadm(world, '-d', '-t', f'{VIP}:80', *server)
    ipvsadm(world, '-e', '-t', f'{VIP}:81', *server, '-m', '-w', '7')
    ipvsadm(world, '-E', '-t', f'{VIP}:82', '-s', 'wlc')
    ipvsadm(world, '-D', '-t', f'{VIP}:83')
    ipvsadm(world, '--stop-daemon', 'master')
    ipvsadm(world, '--set', '30', '30', '30')
    world.wait_lines('lb', 'put back', 2 * LOOK + checks.SLACK, own(11, 12) + OTHER)
    for port in (80, *PORTS):
        daemon.wait_log(f'VS [{VIP}]:tcp:{port}: somebody else changed it in the kernel; it is put '
                        'back', LOOK + checks.SLACK)
    daemon.wait_log('somebody else changed timeouts or sync daemons', LOOK + checks.SLACK)
    world.wait('timeouts and daemon', LOOK + checks.SLACK, lambda: settings_are_back(world))
    ipvsadm(world, '-C')
    world.wait_lines('lb', 'put back behind -C', LOOK + checks.SLACK, own(11, 12))
    for words in OTHER:
        ipvsadm(world, *words.split())


def settings_are_back(world):
    timeouts = world.run('lb', 'ipvsadm', '-L', '--timeout').split()[-3:]
    daemons = world.run('lb', 'ipvsadm', '-L', '--daemon')
    return timeouts == ['600', '90', '200'] and 'master sync daemon (mcast=back, syncid=7' in daemons


ALL = [changes_of_others_are_put_back_and_what_is_theirs_stays]
