"""A world of network namespaces with balancers, real servers and clients in it.

Each scenario and each daemon has a world of its own: the kernel keeps one IPVS table per network
namespace, so many run at a time in one guest. A thread may enter a namespace for a moment; sockets
and processes that it makes there stay there."""
import contextlib
import ctypes
import os
import subprocess
import threading
import time

from servers import HttpServer, get

CLONE_NEWNET = 0x40000000
PAUSE = 0.25           # seconds between two looks at what is waited for
PROGRAMS = '/share1'   # holdfast's own
LIBC = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What a scenario expected and did not see."""


def ip_batch(lines, namespace=None):
    where = ['-n', namespace] if namespace else []
    subprocess.run(['ip', *where, '-batch', '-'], input='\n'.join(lines) + '\n', text=True,
                   check=True)


@contextlib.contextmanager
def inside(namespace):
    """This thread is in the namespace for the length of a block."""
    back = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{namespace}', os.O_RDONLY)
    try:
        enter(there)
        yield
    finally:
        enter(back)
        os.close(there)
        os.close(back)


def enter(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'setns')


class World:
    """Namespaces joined by bridges in a switch of their own; nothing leads out of the guest."""

    # Seconds: three programs, unoptimised, on an emulated processor that starts others as well.
    START = 20

    # Serialised: making many namespaces at a time is slower than one after another.
    building = threading.Lock()

    def __init__(self, mark, daemon, folder):
        self.mark, self.kind, self.folder = mark, daemon, folder
        self.switch = f'{mark}-switch'
        self.networks, self.ports = {}, 0
        self.daemons, self.servers = [], []
        os.makedirs(folder, exist_ok=True)
        ip_batch([f'netns add {self.switch}'])

    def namespace(self, node):
        return f'{self.mark}-{node}'

    def say(self, text):
        with open(os.path.join(self.folder, 'told'), 'a', encoding='utf-8') as file:
            file.write(f'{time.monotonic():8.2f} {text}\n')

    # ---- layout

    def network(self, name):
        if name not in self.networks:
            self.networks[name] = f'br{len(self.networks)}'
            bridge = self.networks[name]
            ip_batch([f'link add {bridge} type bridge', f'link set {bridge} up'], self.switch)
        return self.networks[name]

    def node(self, name, links, gateway=None, extra=()):
        """A namespace; links: interface -> (network, addresses)."""
        with World.building:
            own = self.namespace(name)
            bridges = {interface: self.network(net) for interface, (net, _) in links.items()}
            made, plugged = [f'netns add {own}'], []
            inner = ['link set lo up']
            for interface, (_, addresses) in links.items():
                port = f'p{self.ports}'
                self.ports += 1
                made.append(f'link add {interface} netns {own} type veth '
                            f'peer name {port} netns {self.switch}')
                plugged += [f'link set {port} master {bridges[interface]}', f'link set {port} up']
                inner.append(f'link set {interface} up')
                inner += [f'address add {one} dev {interface}' + (' nodad' if ':' in one else '')
                          for one in addresses]
            if gateway:
                inner.append(f'route add default via {gateway}')
            ip_batch(made)
            ip_batch(plugged, self.switch)
            ip_batch([*inner, *extra], own)

    def balancer(self, name, links):
        self.node(name, links)
        self.set(name, 'ipv4/ip_forward', 1)

    def real_server(self, name, links, gateway=None, held=()):
        """`held`: virtual addresses it answers for without saying so by ARP (direct routing)."""
        self.node(name, links, gateway, [f'address add {one}/32 dev lo' for one in held])
        if held:
            for key, value in (('arp_ignore', 1), ('arp_announce', 2)):
                self.set(name, f'ipv4/conf/all/{key}', value)

    def set(self, node, key, value):
        with inside(self.namespace(node)):
            with open(f'/proc/sys/net/{key}', 'w', encoding='utf-8') as file:
                file.write(str(value))

    # ---- actors

    def serve(self, node, address, port, **options):
        server = HttpServer(lambda: inside(self.namespace(node)), address, port, **options)
        self.servers.append(server)
        return server

    def actor(self, node, kind, *words):
        """A server of another kind on a node."""
        actor = kind(lambda: inside(self.namespace(node)), *words)
        self.servers.append(actor)
        return actor

    def get(self, client, address, port, path='/'):
        """The body, or None when there is no answer."""
        with inside(self.namespace(client)):
            return get(address, port, path)

    def gets(self, client, address, port, count):
        """The bodies of so many requests one after another, sorted."""
        return sorted(str(self.get(client, address, port)) for _ in range(count))

    def run(self, node, *argv):
        with inside(self.namespace(node)):
            done = subprocess.run(argv, text=True, check=False, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        return done.stdout

    def start(self, node, text):
        daemon = Daemon(self, node, text)
        self.daemons.append(daemon)
        return daemon

    def power_off(self, node, interface, daemon):
        """Nothing leaves the node any more; then the daemon dies."""
        self.run(node, 'ip', 'link', 'set', interface, 'down')
        daemon.kill()

    # ---- what is seen

    def table(self, node):
        return self.run(node, 'ipvsadm', '-Sn').strip()

    def proc_net(self, node, name):
        with inside(self.namespace(node)):
            with open(f'/proc/thread-self/net/{name}', encoding='utf-8') as file:
                return file.read()

    def thresholds(self, node):
        """Server, upper and lower limit: what ipvsadm -Sn leaves out."""
        lines = self.run(node, 'ipvsadm', '-Ln', '--thresholds').splitlines()
        return [' '.join(line.split()[1:4]) for line in lines[3:] if line.startswith('  ->')]

    def record(self, node, point):
        """Keeps the table, to be compared with the other daemon's at the same point."""
        self.keep(f'{point}.{node}', [self.table(node), *self.thresholds(node),
                                      self.run(node, 'ipvsadm', '-L', '--daemon').strip()])

    def keep(self, point, lines):
        """Keeps lines of any kind, to be compared with those of the other daemon."""
        path = os.path.join(self.folder, f'{point}.table')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')

    def holds(self, node, address):
        return f'-- {address}\n' in self.proc_net(node, 'fib_trie')

    def wait(self, what, seconds, check, explain=lambda: ''):
        """Waits until check() is true; the seconds that it took."""
        started = time.monotonic()
        while not check():
            if time.monotonic() - started > seconds:
                raise Failed(f'{what}: not within {seconds} s\n{explain()}')
            time.sleep(PAUSE)
        took = time.monotonic() - started
        self.say(f'{what}: after {took:.2f} s')
        return took

    def wait_table(self, node, what, seconds, lines):
        """Waits until the table is exactly this, then keeps it as a point of that name."""
        took = self.wait_lines(node, what, seconds, lines)
        self.record(node, what.replace(' ', '-'))
        return took

    def wait_lines(self, node, what, seconds, lines):
        """The same where there is nothing to compare it with."""
        wanted, watch = '\n'.join(lines), Watch(self, node)
        return self.wait(f'{what} on {node}', seconds, lambda: watch.table() == wanted,
                         lambda: f'wanted:\n{wanted}\nfound:\n{self.table(node)}')

    def wait_address(self, node, address, seconds):
        return self.wait(f'{address} on {node}', seconds, lambda: self.holds(node, address))

    def wait_body(self, client, address, port, body, seconds):
        """Waits until an answer comes from this server."""
        return self.wait(f'{body} answers at {address}:{port}', seconds,
                         lambda: self.get(client, address, port) == body)

    def expect(self, what, found, wanted):
        if found != wanted:
            raise Failed(f'{what}: wanted {wanted!r}, found {found!r}')
        self.say(f'{what}: {found!r}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The namespaces go with the guest: taking them away is slow, and holds up the others."""
        for daemon in self.daemons:
            daemon.kill()
        for server in self.servers:
            server.stop()


class Watch:
    """A node's table, asked of ipvsadm only when the kernel's own list has changed: starting a
    program is slow in an emulated machine."""

    def __init__(self, world, node):
        self.world, self.node, self.seen, self.known = world, node, None, ''

    def table(self):
        # All but the last two columns, the connections.
        lines = self.world.proc_net(self.node, 'ip_vs').splitlines()
        now = [line.rsplit(None, 2)[0] if '->' in line else line for line in lines]
        if now != self.seen:
            self.seen, self.known = now, self.world.table(self.node)
        return self.known


class Daemon:
    """keepalived or holdfast on a node, with its log in the world's folder."""

    PROGRAMS = {'keepalived': '/usr/sbin/keepalived', 'holdfast': f'{PROGRAMS}/holdfast'}

    def __init__(self, world, node, text):
        self.world, self.node = world, node
        self.base = os.path.join('/tmp', f'{world.mark}-{node}')
        self.log = os.path.join(world.folder, f'{node}.log')
        self.write(text)
        files = ['-p', f'{self.base}.pid', '-r', f'{self.base}.vrrp.pid',
                 '-c', f'{self.base}.checkers.pid']
        with inside(world.namespace(node)), open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [self.PROGRAMS[world.kind], '-n', '-l', '-D', '-f', f'{self.base}.conf', *files],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def write(self, text):
        with open(f'{self.base}.conf', 'w', encoding='utf-8') as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)

    def reload(self, text):
        self.write(text)
        self.process.send_signal(1)

    def told(self):
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return file.read()

    def wait_log(self, phrase, seconds, times=1):
        return self.world.wait(f'"{phrase}" {times} times in the log of {self.node}', seconds,
                               lambda: self.told().count(phrase) >= times)

    def stop(self, seconds=10):
        """Asked to stop, it ends with status 0."""
        self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed(f'the daemon on {self.node} has not stopped in {seconds} s') from error
        self.world.expect(f'exit status on {self.node}', status, 0)

    def kill(self):
        """All its processes, without a chance to say good-bye."""
        for pid in [*children_of(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()


def children_of(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='utf-8') as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
