#!/usr/bin/env python3
"""In the guest: runs every case with a tap (nlmon) on the netlink messages, prints JSON lines.

Each line: the case, what the tool printed, its exit status, and the generic netlink messages in the
order of the wire."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

import cases

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'scenarios'))
import configurations  # noqa: E402

ETH_P_ALL = 3
NETLINK_GENERIC = 16
# The tap, and a device for synchronisation and VRRP.
DEVICES = '''
modprobe ip_vs
ip link add nlmon0 type nlmon
ip link set nlmon0 up
ip link add sync0 type veth peer name sync1
ip link set sync1 up
ip address add 203.0.113.1/24 dev sync0
ip address add fe80::1/64 dev sync0 nodad
ip link set sync0 up
'''
# A real server behind a pair of interfaces, and three requests through the virtual address.
REQUESTS = '''
ip netns add rs
ip link add v0 type veth peer name eth0 netns rs
ip address add 198.51.100.1/24 dev v0
ip link set v0 up
ip -n rs address add 198.51.100.11/24 dev eth0
ip -n rs link set eth0 up
ip -n rs route add default via 198.51.100.1
ip address add 192.0.2.1/32 dev lo
mkdir -p /tmp/www
echo real >/tmp/www/index.html
ip netns exec rs busybox httpd -p 80 -h /tmp/www
for number in 1 2 3; do busybox wget -q -O - http://192.0.2.1/ >&2; done
'''
QUIET = 1.5        # seconds without a message after which keepalived has said all it has to say
LONG = 20.0        # seconds that a daemon may take to start or to stop


class Tap:
    """All netlink messages of this network namespace, from now on."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)      # SO_RCVBUFFORCE
        self.socket.bind(('nlmon0', ETH_P_ALL))
        self.socket.setblocking(False)
        self.messages = []

    def drain(self, wait=0.0):
        """Takes what is there; true when something was."""
        if not select.select([self.socket], [], [], wait)[0]:
            return False
        while True:
            try:
                data, address = self.socket.recvfrom(1 << 20)
            except BlockingIOError:
                return True
            if address[1] == NETLINK_GENERIC:
                self.messages.append(data.hex())

    def close(self):
        self.drain()
        self.socket.close()
        return self.messages


def ipvsadm(words, check=True):
    done = subprocess.run(['ipvsadm', *words.split()], check=False, text=True, timeout=LONG,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        sys.exit(f'ipvsadm {words}: status {done.returncode}: {done.stdout}')
    return done


def clean():
    """An empty table and no synchronisation."""
    ipvsadm('-C')
    for state in ('master', 'backup'):
        ipvsadm(f'--stop-daemon {state}', check=False)


def tell(**what):
    print(json.dumps(what), flush=True)


def run_ipvsadm(name, before, command):
    clean()
    for words in before:
        if words == cases.TRAFFIC:
            subprocess.run(['bash', '-ec', REQUESTS], check=True)
        else:
            ipvsadm(words)
    tap = Tap()
    done = ipvsadm(command, check=False)
    told = [words if words == cases.TRAFFIC else f'ipvsadm {words}' for words in before]
    tell(tool='ipvsadm', name=name, before=told,
         command=f'ipvsadm {command}', status=done.returncode, output=done.stdout,
         messages=tap.close())


def until_quiet(tap):
    deadline = time.monotonic() + LONG
    while tap.drain(QUIET) or not tap.messages:
        if time.monotonic() > deadline:
            break


def run_keepalived(name, text):
    clean()
    path = '/tmp/keepalived.conf'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    tap = Tap()
    with subprocess.Popen(['keepalived', '-n', '-l', '-f', path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as daemon:
        until_quiet(tap)
        daemon.send_signal(signal.SIGTERM)
        log = daemon.communicate(timeout=LONG)[0]
    tell(tool='keepalived', name=name, configuration=text, status=daemon.returncode, output=log,
         messages=tap.close())


def versions():
    kernel = os.uname().release
    package = subprocess.run(['dpkg-query', '-W', 'ipvsadm', 'keepalived'], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    tell(tool='versions', kernel=kernel, **dict(zip(package[::2], package[1::2])))


def main():
    subprocess.run(['bash', '-ec', DEVICES], check=True)
    versions()
    for case in cases.ipvsadm():
        run_ipvsadm(*case)
    for case in configurations.CASES:
        run_keepalived(*case)
    return 0


if __name__ == '__main__':
    sys.exit(main())
