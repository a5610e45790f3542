"""What is captured: each case is a name, the commands before it, and the command under the tap."""

V4 = '-t 192.0.2.1:80'
UDP4 = '-u 192.0.2.1:53'
SCTP4 = '--sctp-service 192.0.2.1:36412'
V6 = '-t [2001:db8::1]:80'
MARK = '-f 7'
MARK6 = '-f 7 -6'

SERVER = '-r 198.51.100.11:80'
SERVER6 = '-r [2001:db8:1::11]:80'

SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh']

SERVICES = [
    ('tcp', f'{V4} -s rr'),
    ('udp', f'{UDP4} -s rr'),
    ('sctp', f'{SCTP4} -s rr'),
    ('tcp6', f'{V6} -s rr'),
    ('udp6', '-u [2001:db8::1]:53 -s rr'),
    ('sctp6', '--sctp-service [2001:db8::1]:36412 -s rr'),
    ('fwmark', f'{MARK} -s rr'),
    ('fwmark6', f'{MARK6} -s rr'),
    ('fwmark-largest', '-f 4294967295 -s rr'),
    ('default-scheduler', V4),
    ('persistent-default', f'{V4} -s rr -p'),
    ('persistent-timeout', f'{V4} -s rr -p 50'),
    ('persistent-netmask', f'{V4} -s rr -p 360 -M 255.255.255.0'),
    ('persistent-prefix6', f'{V6} -s rr -p 360 -M 64'),
    ('persistent-any-port', '-t 192.0.2.1:0 -s rr -p 600'),
    ('fwmark-persistent', f'{MARK} -s wlc -p 120'),
    ('fwmark6-persistent', f'{MARK6} -s wlc -p 120 -M 56'),
    ('one-packet', f'{UDP4} -s rr -o'),
    ('one-packet6', '-u [2001:db8::1]:53 -s rr -o'),
    ('pe-sip', '-u 192.0.2.1:5060 -s rr -p 60 --pe sip'),
    ('sh-port', f'{V4} -s sh -b sh-port'),
    ('sh-fallback', f'{V4} -s sh -b sh-fallback'),
    ('sh-both', f'{V4} -s sh -b sh-port,sh-fallback'),
    ('mh-port', f'{V4} -s mh -b mh-port'),
    ('mh-fallback', f'{V4} -s mh -b mh-fallback'),
    ('mh-both', f'{V4} -s mh -b mh-port,mh-fallback'),
    ('flag-1', f'{V4} -s sh -b flag-1'),
    ('flag-2', f'{V4} -s sh -b flag-2'),
    ('flag-3', f'{V4} -s sh -b flag-3'),
] + [(f'scheduler-{name}', f'{V4} -s {name}') for name in SCHEDULERS]

SERVERS = [
    ('masquerading', V4, f'{SERVER} -m -w 1'),
    ('masquerading-other-port', V4, '-r 198.51.100.11:8080 -m -w 1'),
    ('gatewaying', V4, f'{SERVER} -g -w 1'),
    ('gatewaying-default-weight', V4, SERVER),
    ('local-address', V4, '-r 127.0.0.1:80 -g -w 1'),
    ('weight-0', V4, f'{SERVER} -m -w 0'),
    ('weight-largest', V4, f'{SERVER} -m -w 2147483647'),
    ('thresholds', V4, f'{SERVER} -m -w 3 -x 65535 -y 100'),
    ('upper-threshold', V4, f'{SERVER} -m -w 3 -x 200'),
    ('udp', UDP4, '-r 198.51.100.11:53 -m -w 1'),
    ('sctp', SCTP4, '-r 198.51.100.11:36412 -m -w 1'),
    ('fwmark', MARK, '-r 198.51.100.11 -g -w 1'),
    ('fwmark-masquerading', MARK, '-r 198.51.100.11:8080 -m -w 1'),
    ('fwmark6', MARK6, '-r [2001:db8:1::11]:0 -g -w 1'),
    ('masquerading6', V6, f'{SERVER6} -m -w 1'),
    ('gatewaying6', V6, f'{SERVER6} -g -w 1'),
    ('ipip', V4, f'{SERVER} -i -w 1'),
    ('ipip6', V6, f'{SERVER6} -i -w 1'),
    ('ipip-explicit', V4, f'{SERVER} -i -w 1 --tun-type ipip'),
    ('ipip-6-over-4', V6, '-r 198.51.100.11:80 -i -w 1'),
    ('ipip-4-over-6', V4, f'{SERVER6} -i -w 1'),
    ('gue', V4, f'{SERVER} -i -w 1 --tun-type gue --tun-port 6080'),
    ('gue-nocsum', V4, f'{SERVER} -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum'),
    ('gue-csum', V4, f'{SERVER} -i -w 1 --tun-type gue --tun-port 6080 --tun-csum'),
    ('gue-remcsum', V4, f'{SERVER} -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum'),
    ('gue6', V6, f'{SERVER6} -i -w 1 --tun-type gue --tun-port 6080 --tun-csum'),
    ('gue-6-over-4', V6, '-r 198.51.100.11:80 -i -w 1 --tun-type gue --tun-port 6080'),
    ('gue-4-over-6', V4, f'{SERVER6} -i -w 1 --tun-type gue --tun-port 6080'),
    ('gre', V4, f'{SERVER} -i -w 1 --tun-type gre'),
    ('gre-csum', V4, f'{SERVER} -i -w 1 --tun-type gre --tun-csum'),
    ('gre6', V6, f'{SERVER6} -i -w 1 --tun-type gre'),
]

EDITS = [
    ('edit-service-scheduler', [f'-A {V4} -s rr'], f'-E {V4} -s wlc'),
    ('edit-service-persistent', [f'-A {V4} -s rr'], f'-E {V4} -s rr -p 90'),
    ('edit-service-not-persistent', [f'-A {V4} -s rr -p 90'], f'-E {V4} -s rr'),
    ('edit-service-sched-flags', [f'-A {V4} -s sh'], f'-E {V4} -s sh -b sh-port'),
    ('edit-service-no-sched-flags', [f'-A {V4} -s sh -b sh-port'], f'-E {V4} -s sh'),
    ('edit-service-no-pe', ['-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip'],
     '-E -u 192.0.2.1:5060 -s rr -p 60'),
    ('edit-service-fwmark', [f'-A {MARK} -s rr'], f'-E {MARK} -s wrr'),
    ('edit-service6', [f'-A {V6} -s rr'], f'-E {V6} -s wrr'),
    ('edit-server-weight', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1'],
     f'-e {V4} {SERVER} -m -w 5'),
    ('edit-server-weight-0', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1'],
     f'-e {V4} {SERVER} -m -w 0'),
    ('edit-server-method', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1'],
     f'-e {V4} {SERVER} -g -w 1'),
    ('edit-server-tunnel', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -i -w 1'],
     f'-e {V4} {SERVER} -i -w 1 --tun-type gue --tun-port 6080'),
    ('edit-server6', [f'-A {V6} -s rr', f'-a {V6} {SERVER6} -m -w 1'],
     f'-e {V6} {SERVER6} -m -w 9'),
    ('edit-server-fwmark', [f'-A {MARK} -s rr', f'-a {MARK} -r 198.51.100.11 -g -w 1'],
     f'-e {MARK} -r 198.51.100.11 -g -w 4'),
    ('delete-service', [f'-A {V4} -s rr'], f'-D {V4}'),
    ('delete-service6', [f'-A {V6} -s rr'], f'-D {V6}'),
    ('delete-service-udp', [f'-A {UDP4} -s rr'], f'-D {UDP4}'),
    ('delete-service-sctp', [f'-A {SCTP4} -s rr'], f'-D {SCTP4}'),
    ('delete-service-fwmark', [f'-A {MARK} -s rr'], f'-D {MARK}'),
    ('delete-service-fwmark6', [f'-A {MARK6} -s rr'], f'-D {MARK6}'),
    ('delete-server', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1'], f'-d {V4} {SERVER}'),
    ('delete-server6', [f'-A {V6} -s rr', f'-a {V6} {SERVER6} -m -w 1'], f'-d {V6} {SERVER6}'),
    ('delete-server-fwmark', [f'-A {MARK} -s rr', f'-a {MARK} -r 198.51.100.11 -g -w 1'],
     f'-d {MARK} -r 198.51.100.11'),
    ('delete-server-4-over-6', [f'-A {V4} -s rr', f'-a {V4} {SERVER6} -i -w 1'],
     f'-d {V4} {SERVER6}'),
]

# Two nodes' worth of everything, for the answers to dumps.
TABLE = [
    f'-A {V4} -s wlc -p 360 -M 255.255.255.0',
    f'-a {V4} {SERVER} -m -w 3 -x 200 -y 100',
    f'-a {V4} -r 198.51.100.12:8080 -m -w 0',
    f'-a {V4} -r 127.0.0.1:80 -g -w 1',
    f'-A {UDP4} -s rr -o',
    f'-a {UDP4} -r 198.51.100.11:53 -g -w 1',
    f'-A {SCTP4} -s rr',
    '-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip',
    f'-A {V6} -s sh -b sh-port,sh-fallback',
    f'-a {V6} {SERVER6} -m -w 1',
    f'-a {V6} -r 198.51.100.11:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum',
    f'-a {V6} -r 198.51.100.12:80 -i -w 1 --tun-type gre --tun-csum',
    f'-A {MARK} -s mh -b mh-port',
    f'-a {MARK} -r 198.51.100.11 -g -w 1',
    f'-A {MARK6} -s rr',
    f'-a {MARK6} -r [2001:db8:1::11]:0 -i -w 1',
]

TRAFFIC = 'three HTTP requests through the virtual address'
MASTER = '--start-daemon master --mcast-interface sync0'
BACKUP = '--start-daemon backup --mcast-interface sync0'
FULL = ('--syncid 5 --sync-maxlen 1400 --mcast-group 224.0.0.90 --mcast-port 8850 --mcast-ttl 3')

REST = [
    ('get-info', [], '-l -n'),
    ('list-empty', [], '-L -n'),
    ('list-table', TABLE, '-L -n'),
    ('list-one-service', TABLE, f'-L -n {V4}'),
    ('list-one-service6', TABLE, f'-L -n {V6}'),
    ('list-one-service-fwmark', TABLE, f'-L -n {MARK}'),
    ('list-after-traffic', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1', TRAFFIC], '-L -n'),
    ('list-timeouts', [], '-L --timeout'),
    ('list-daemons-none', [], '-L --daemon'),
    ('list-daemons-both', [f'{MASTER} {FULL}', BACKUP], '-L --daemon'),
    ('set-timeouts', [], '--set 600 90 200'),
    ('set-timeouts-keep-two', [], '--set 0 0 250'),
    ('set-timeouts-back', [], '--set 900 120 300'),
    ('flush', TABLE, '-C'),
    ('zero-all', TABLE, '-Z'),
    ('zero-one', TABLE, f'-Z {V4}'),
    ('zero-one-fwmark', TABLE, f'-Z {MARK}'),
    ('start-daemon-master', [], MASTER),
    ('start-daemon-backup', [], BACKUP),
    ('start-daemon-master-syncid', [], f'{MASTER} --syncid 255'),
    ('start-daemon-master-full', [], f'{MASTER} {FULL}'),
    ('start-daemon-backup-full', [], f'{BACKUP} {FULL}'),
    ('start-daemon-master-group6', [], f'{MASTER} --mcast-group ff02::81'),
    ('stop-daemon-master', [MASTER], '--stop-daemon master'),
    ('stop-daemon-backup', [BACKUP], '--stop-daemon backup'),
]

ERRORS = [
    ('error-service-exists', [f'-A {V4} -s rr'], f'-A {V4} -s rr'),
    ('error-no-such-scheduler', [], f'-A {V4} -s nosuch'),
    ('error-no-such-engine', [], '-A -u 192.0.2.1:5060 -s rr -p 60 --pe nosuch'),
    ('error-edit-missing-service', [], f'-E {V4} -s rr'),
    ('error-edit-no-such-scheduler', [f'-A {V4} -s rr'], f'-E {V4} -s nosuch'),
    ('error-delete-missing-service', [], f'-D {V4}'),
    ('error-server-exists', [f'-A {V4} -s rr', f'-a {V4} {SERVER} -m -w 1'],
     f'-a {V4} {SERVER} -m -w 1'),
    ('error-server-of-missing-service', [], f'-a {V4} {SERVER} -m -w 1'),
    ('error-edit-missing-server', [f'-A {V4} -s rr'], f'-e {V4} {SERVER} -m -w 1'),
    ('error-delete-missing-server', [f'-A {V4} -s rr'], f'-d {V4} {SERVER}'),
    ('error-mixed-family-masquerading', [f'-A {V4} -s rr'], f'-a {V4} {SERVER6} -m -w 1'),
    ('error-lower-threshold-above-upper', [f'-A {V4} -s rr'],
     f'-a {V4} {SERVER} -m -w 1 -x 10 -y 20'),
    ('error-daemon-twice', [MASTER], MASTER),
    ('error-daemon-no-such-device', [], '--start-daemon master --mcast-interface nosuch0'),
    ('error-stop-daemon-not-running', [], '--stop-daemon master'),
    ('error-one-packet-tcp', [], f'-A {V4} -s rr -o'),
    ('error-zero-missing-service', [], f'-Z {V4}'),
]


def ipvsadm():
    """Every case for ipvsadm: (name, commands before, command)."""
    cases = [(f'add-service-{name}', [], f'-A {text}') for name, text in SERVICES]
    cases += [(f'add-server-{name}', [f'-A {service} -s rr' + (' -p' if service == MARK6 else '')],
               f'-a {service} {text}') for name, service, text in SERVERS]
    return cases + EDITS + REST + ERRORS
