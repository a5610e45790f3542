"""FILE_CHECK: the number in a file moves the weight of a server, or takes it out."""
import os

VIP, PORT = '192.0.2.80', 80
SLACK = 4
HEAD = f'-A -t {VIP}:{PORT} -s wrr'


def layout(world):
    """A balancer whose servers are addresses only: nobody asks them anything."""
    world.balancer('lb', {'back': ('back', ['198.51.100.1/24', f'{VIP}/32'])})


class Files:
    """Tracked files in a directory of their own that every user may write to."""

    def __init__(self, world):
        self.folder = f'/tmp/{world.mark}-files'
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o777)

    def path(self, name):
        return f'{self.folder}/{name}'

    def write(self, name, text):
        """In place."""
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def replace(self, name, text):
        """By a new file that takes the place of the old one."""
        self.write('new', text)
        os.rename(self.path('new'), self.path(name))

    def blocks(self, **words):
        return ''.join(f'track_file {name} {{\n file {self.path(name)}\n {more}\n}}\n'
                       for name, more in words.items())


def line(last, weight):
    return f'-a -t {VIP}:{PORT} -r 198.51.100.{last}:80 -m -w {weight}'


def real(last, checks, words=''):
    blocks = ''.join(f'FILE_CHECK {{\n track_file {check}\n}}\n' for check in checks)
    return f'real_server 198.51.100.{last} 80 {{\n weight 10\n {words}\n {blocks}}}\n'


def virtual(*servers):
    return (f'virtual_server {VIP} {PORT} {{\n lvs_sched wrr\n lvs_method NAT\n protocol TCP\n'
            + ''.join(servers) + '}\n')


def a_file_moves_the_weight(world):
    """Factors of the file and of the check, both directions, several files on one server, and
    whatever may stand in a file."""
    layout(world)
    files = Files(world)
    files.write('a', '3\n')
    files.write('b', '7\n')
    text = files.blocks(a='weight 1', b='weight -2') \
        + virtual(real(11, ['a']), real(12, ['a\n weight 100', 'b\n weight 2 reverse']),
                  real(13, ['b']))
    world.start('lb', text)

    def weights(point, *wanted):
        world.wait_table('lb', point, SLACK,
                         [HEAD, *(line(11 + at, weight) for at, weight in enumerate(wanted))])

    world.wait_table('lb', 'at the start', 10, [HEAD, line(11, 13), line(12, 296), line(13, 0)])
    files.write('a', '5\n')
    weights('written in place', 15, 496, 0)
    files.replace('b', '1')
    weights('replaced, without an end of line', 15, 508, 8)
    files.write('a', '-50\n')
    weights('below nought', 0, 0, 8)
    for text, number in (('12abc', 12), ('0x20\n', 32), ('\n \t+19 7\n', 19), ('010\n', 8),
                         ('no number', 0), ('4', 4), ('99999999999\n', 4), ('', 0), ('6\n', 6)):
        files.write('a', text)
        weights(f'the text {text!r}', 10 + number, 10 + number * 100 - 2 if number else 8, 8)
    os.remove(files.path('a'))
    weights('the file is gone', 10, 8, 8)
    files.replace('a', '2147483647\n')
    weights('the largest number', 2147483647, 2147483647, 8)
    files.replace('a', '2\n')
    weights('a small one', 12, 208, 8)


def a_file_takes_a_server_out(world):
    """Weight 0: any number but 0; otherwise the least number that there is."""
    layout(world)
    files = Files(world)
    files.write('gate', '0\n')
    files.write('load', '1\n')
    text = files.blocks(gate='weight 0', load='weight 5') \
        + virtual(real(11, ['gate']), real(12, ['gate', 'load']),
                  real(13, ['gate\n weight 0 reverse']), real(14, ['gate'], 'inhibit_on_failure'))
    daemon = world.start('lb', text)
    # keepalived takes no notice of `reverse` until the file changes for the first time.
    daemon.wait_log('Startup complete', 10)
    world.wait('a server at the start', 10, lambda: line(11, 10) in world.table('lb'))
    files.replace('gate', '-3\n')
    shut = [HEAD, line(13, 10), line(14, 0)]
    world.wait_table('lb', 'shut', SLACK, shut)
    daemon.wait_log('([198.51.100.11]:tcp:80): tracked file gate now FAULT state', SLACK)
    daemon.wait_log('Removing service [198.51.100.11]:tcp:80 from VS', SLACK)
    files.replace('load', '4\n')
    files.write('gate', '0\n')
    world.wait_table('lb', 'open', SLACK, [HEAD, line(11, 10), line(12, 30), line(14, 10)])
    daemon.wait_log('([198.51.100.11]:tcp:80): tracked file gate leaving FAULT state', SLACK)
    files.write('load', '-2147483648\n')
    world.wait_table('lb', 'the least number', SLACK, [HEAD, line(11, 10), line(14, 10)])
    files.write('load', '0\n')
    world.wait_table('lb', 'an ordinary one', SLACK,
                     [HEAD, line(11, 10), line(12, 10), line(14, 10)])


ALL = [a_file_moves_the_weight, a_file_takes_a_server_out]
