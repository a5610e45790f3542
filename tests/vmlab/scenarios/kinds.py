"""Each kind of check takes its server out and back."""
import os

import checks
from actors import Datagrams, Mail, no_such_name_but_well

VIP = checks.VIP
TIMES = '''
            retry 1
            delay_before_retry 1
'''
PROGRAM = '''#!/bin/sh
read status < "$1" && exit "$status"
'''


def service(port, protocol, check, last):
    return f'''
virtual_server {VIP} {port} {{
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol {protocol}
    real_server 198.51.100.{last} {port} {{
        weight 3
        {check}
    }}
}}
'''


def check(name, words=''):
    return f'''{name} {{
            {words}{TIMES}        }}'''


def status_file(world, name):
    """A file that the program of MISC_CHECK reads its exit status from."""
    path = f'/tmp/{world.mark}-{name}'
    return path, lambda status: write(path, f'{status}\n')


def write(path, text, mode=0o644):
    """Whole or not at all: a check that reads half of it would fail."""
    with open(path + '.new', 'w', encoding='utf-8') as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    os.rename(path + '.new', path)


def every_kind_of_check_takes_its_server_out_and_back(world):
    """SMTP, DNS, PING, MISC; and MISC with misc_dynamic, whose weights are seen in the table."""
    checks.layout(world)
    # Debian's default. The checker's sockets for ping need it, whoever it is.
    world.set('lb', 'ipv4/ping_group_range', '0 2147483647')
    mail = world.actor('one', Mail, '0.0.0.0', 25)
    names = world.actor('one', Datagrams, '0.0.0.0', 53, no_such_name_but_well)
    program = f'/tmp/{world.mark}-program'
    write(program, PROGRAM, 0o755)
    plain, set_plain = status_file(world, 'plain')
    moved, set_moved = status_file(world, 'moved')
    set_plain(0)
    set_moved(0)
    # The limit is delay_loop else, and a program starts slowly here.
    misc = f'misc_path "{program} {plain}"\n            misc_timeout 5'
    dynamic = f'misc_path "{program} {moved}"\n            misc_timeout 5\n            misc_dynamic'
    timed = 'connect_timeout 1'
    daemon = world.start('lb', ''.join([
        service(25, 'TCP', check('SMTP_CHECK', timed), 11),
        service(90, 'TCP', check('PING_CHECK', timed), 12),
        service(91, 'TCP', check('MISC_CHECK', misc), 11),
        service(92, 'TCP', check('MISC_CHECK', dynamic), 11),
        service(53, 'UDP', check('DNS_CHECK', timed), 11)]))
    services = [('t', 25, 11), ('t', 90, 12), ('t', 91, 11), ('t', 92, 11), ('u', 53, 11)]

    def table(weights):
        """No weight: the server is not there."""
        lines = []
        for kind, port, last in services:
            name = f'-{kind} {VIP}:{port}'
            lines.append(f'-A {name} -s rr')
            if weights.get(port, 3) is not None:
                weight = weights.get(port, 3)
                lines.append(f'-a {name} -r 198.51.100.{last}:{port} -m -w {weight}')
        return lines

    world.wait_table('lb', 'all servers at the start', world.START, table({}))
    mail.stop()
    names.stop()
    world.set('two', 'ipv4/icmp_echo_ignore_all', 1)
    set_plain(1)
    set_moved(42)
    world.wait_table('lb', 'all are out and one has another weight', checks.ROUND + 2,
                     table({25: None, 90: None, 91: None, 92: 40, 53: None}))
    mail.start()
    names.start()
    world.set('two', 'ipv4/icmp_echo_ignore_all', 0)
    set_plain(0)
    set_moved(255)
    world.wait_table('lb', 'all are back and one has the largest weight', checks.ROUND + 1,
                     table({92: 253}))
    set_moved(1)
    world.wait_table('lb', 'the other is out', checks.ROUND + 1, table({92: None}))
    daemon.stop()


ALL = [every_kind_of_check_takes_its_server_out_and_back]
