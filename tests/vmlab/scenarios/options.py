"""Configurations without checks: every option reaches the table."""
import configurations

SLACK = 4


def every_option_reaches_the_table(world):
    """And nothing is left behind the stop."""
    world.balancer('lb', {'eth0': ('lan', ['192.0.2.1/24', '198.51.100.1/24',
                                           '2001:db8::1/64', '2001:db8:1::1/64'])})
    daemon = world.start('lb', configurations.PERSISTENT + configurations.FLAGS
                         + configurations.TUNNELS + configurations.MARKS)
    world.wait_table('lb', 'table', world.START, TABLE)
    daemon.stop()
    world.wait_table('lb', 'nothing after the stop', SLACK, [''])


GUE = '--tun-type gue --tun-port 6080'
# As ipvsadm sorts it.
TABLE = [
    '-A -t 192.0.2.1:80 -s rr',
    '-a -t 192.0.2.1:80 -r 198.51.100.11:80 -i -w 1 --tun-type ipip',
    f'-a -t 192.0.2.1:80 -r 198.51.100.12:80 -i -w 1 {GUE} --tun-csum',
    f'-a -t 192.0.2.1:80 -r 198.51.100.13:80 -i -w 1 {GUE} --tun-remcsum',
    '-a -t 192.0.2.1:80 -r 198.51.100.14:80 -i -w 1 --tun-type gre --tun-csum',
    '-a -t 192.0.2.1:80 -r 198.51.100.15:80 -g -w 1',
    '-a -t 192.0.2.1:80 -r [2001:db8:1::11]:80 -i -w 1 --tun-type ipip',
    '-A -t 192.0.2.1:443 -s wlc -p 50 -M 255.255.255.0',
    '-a -t 192.0.2.1:443 -r 198.51.100.11:443 -g -w 1',
    '-A -t 192.0.2.2:80 -s sh -b sh-fallback,sh-port',
    '-a -t 192.0.2.2:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.3:80 -s mh -b mh-fallback,mh-port',
    '-a -t 192.0.2.3:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.10:80 -s rr',
    '-a -t 192.0.2.10:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.11:80 -s rr',
    '-a -t 192.0.2.11:80 -r 198.51.100.11:80 -m -w 1',
    '-A -t 192.0.2.20:8080 -s rr',
    '-a -t 192.0.2.20:8080 -r 198.51.100.11:80 -m -w 1',
    '-A -u 192.0.2.1:53 -s rr -o',
    '-a -u 192.0.2.1:53 -r 198.51.100.11:53 -m -w 1',
    '-A -u 192.0.2.4:5060 -s rr -p 60 --pe sip',
    '-a -u 192.0.2.4:5060 -r 198.51.100.11:5060 -m -w 1',
    '-A --sctp-service 192.0.2.5:36412 -s rr',
    '-a --sctp-service 192.0.2.5:36412 -r 198.51.100.11:36412 -m -w 1',
    '-A -t [2001:db8::1]:443 -s wlc -p 50 -M 64',
    '-a -t [2001:db8::1]:443 -r [2001:db8:1::11]:443 -g -w 1',
    '-A -f 7 -s rr',
    '-a -f 7 -r 198.51.100.11:0 -g -w 1',
    '-A -f 7 -6 -s rr',
    '-a -f 7 -6 -r [2001:db8:1::11]:0 -g -w 1',
    '-A -f 9 -s rr',
    '-a -f 9 -r 198.51.100.11:80 -m -w 1',
]

ALL = [every_option_reaches_the_table]
