#!/usr/bin/env python3
"""In the guest: when each advert of a router arrived, by the kernel's clock, and beside it how late
the machine itself was.

As a program it is the metronome: `adverts.py SECONDS` wants to wake up that often and says when it
did."""
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, '/share/scenarios')

from world import inside                            # noqa: E402

PERIOD = 0.1           # seconds between two adverts, and between two beats of the metronome
VRID = 77
VIP = '192.0.2.77'
IP, VRRP = 0x0800, 112
STAMP = 35             # SO_TIMESTAMPNS and its control message (asm-generic/socket.h)

INSTANCE = f'''
vrrp_instance VI_77 {{
    interface eth0
    state BACKUP
    version 3
    virtual_router_id {VRID}
    priority 150
    advert_int {PERIOD}
    virtual_ipaddress {{
        {VIP}/24 dev eth0
    }}
}}
'''


class Adverts:
    """Hears what a router tells a node on its network."""

    def __init__(self, world, node):
        # When each came.
        self.heard = []
        with inside(world.namespace(node)):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IP))
            self.socket.bind(('eth0', IP))
        self.socket.setsockopt(socket.SOL_SOCKET, STAMP, 1)
        threading.Thread(target=self.listen, daemon=True).start()
        # A process of its own: this one is busy at times.
        self.beats = subprocess.Popen([sys.executable, __file__, str(PERIOD)],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.late = []
        threading.Thread(target=self.count, daemon=True).start()

    def listen(self):
        while True:
            frame, control, _, _ = self.socket.recvmsg(200, 128)
            packet = frame[14:]
            # IPv4 with a header of 20 bytes; behind it the version and type, and the VRID.
            if len(packet) < 28 or packet[9] != VRRP or packet[21] != VRID:
                continue
            seconds, nanoseconds = struct.unpack('qq', control[0][2][:16])
            self.heard.append(seconds + nanoseconds / 1e9)

    def count(self):
        for line in self.beats.stdout:
            at, late = line.split()
            self.late.append((float(at), float(late)))

    def wait_first(self, seconds):
        end = time.monotonic() + seconds
        while not self.heard:
            if time.monotonic() > end:
                raise TimeoutError('no advert came')
            time.sleep(0.01)

    def gap(self, begin, end=None):
        """The longest time between two adverts that ended in this span, and the lateness of the
        machine: as text. Times are those of time.time()."""
        end = end or time.time()
        times = list(self.heard)
        gaps = [after - before for before, after in zip(times, times[1:]) if begin <= after <= end]
        late = [late for at, late in list(self.late) if begin <= at <= end]
        longest = f'{max(gaps) * 1000:.0f} ms' if gaps else 'none heard'
        return f'{longest} (machine {max(late, default=0) * 1000:.0f} ms late)'

    def close(self):
        self.beats.kill()
        self.beats.wait()


def metronome(period):
    due = time.monotonic()
    while True:
        due += period
        time.sleep(max(0, due - time.monotonic()))
        late = time.monotonic() - due
        print(time.time(), late, flush=True)
        if late > period:
            due += late


if __name__ == '__main__':
    metronome(float(sys.argv[1]))
