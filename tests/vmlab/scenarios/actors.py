"""Servers and clients that speak no HTTP: datagrams, DNS, mail, and a stream that never rests."""
import contextlib
import socket
import threading
import time

from servers import READY, SECONDS, STREAM

BEAT = 0.02            # seconds between two lines of a stream


class Socketed:
    """A socket in a namespace that can be closed and opened again."""

    kind = socket.SOCK_DGRAM

    def __init__(self, place, address, port):
        self.place, self.address, self.listener = place, (address, port), None
        self.start()

    def start(self):
        with self.place():
            listener = socket.socket(socket.AF_INET, self.kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self.address)
        self.listener = listener
        threading.Thread(target=self.run, args=(listener,), daemon=True).start()

    def stop(self):
        if self.listener is not None:
            # Ends the thread's wait, which a close alone does not.
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        self.listener = None

    def run(self, listener):
        raise NotImplementedError


class Datagrams(Socketed):
    """Answers each datagram with what `reply` makes of it."""

    def __init__(self, place, address, port, reply):
        self.reply = reply
        super().__init__(place, address, port)

    def run(self, listener):
        with contextlib.suppress(OSError):
            while True:
                data, sender = listener.recvfrom(2048)
                if sender is None:
                    break                           # shut down
                answer = self.reply(data)
                if answer is not None:
                    listener.sendto(answer, sender)


def labelled(label):
    return lambda data: label.encode() + b' ' + data


def no_such_name_but_well(data):
    """The answer of a name server: the same question, the bit of an answer, no error."""
    return data[:2] + bytes([0x84 | (data[2] & 1), 0]) + data[4:]


class Mail(Socketed):
    """A mail server as far as a greeting, HELO and QUIT go."""

    kind = socket.SOCK_STREAM

    def run(self, listener):
        listener.listen(16)
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    @staticmethod
    def talk(connection):
        with contextlib.suppress(OSError), connection:
            connection.settimeout(SECONDS)
            connection.sendall(b'220 told\r\n')
            for code in (b'250', b'221'):
                while b'\n' not in connection.recv(512):
                    pass
                connection.sendall(code + b' told\r\n')


class Asker:
    """A client with one port that it keeps."""

    def __init__(self, place):
        with place:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(SECONDS)

    def ask(self, address, port, text):
        """Who answers, or None."""
        try:
            self.socket.sendto(text.encode(), (address, port))
            answer, sender = self.socket.recvfrom(2048)
        except OSError:
            return None
        label, _, rest = answer.decode().partition(' ')
        return label if rest == text and sender == (address, port) else None


class Ticking:
    """A connection through a virtual address that carries a line and its echo all the time."""

    def __init__(self, place, address, port):
        with place:
            self.connection = socket.create_connection((address, port), SECONDS)
        self.connection.sendall(f'GET {STREAM} HTTP/1.0\r\n\r\n'.encode())
        self.connection.recv(len(READY))
        self.label = self.exchange(0).partition(' ')[0]
        self.answered, self.longest, self.broken = 0, 0.0, None
        threading.Thread(target=self.run, daemon=True).start()

    def exchange(self, number):
        self.connection.sendall(f'{number}\n'.encode())
        answer = b''
        while not answer.endswith(b'\n'):
            more = self.connection.recv(200)
            if not more:
                raise ConnectionError('the connection was closed')
            answer += more
        return answer.decode()

    def run(self):
        try:
            while True:
                asked, number = time.monotonic(), self.answered + 1
                wanted = f'{self.label} {number}\n'
                answer = self.exchange(number)
                if answer != wanted:
                    raise ConnectionError(f'{answer!r} in place of {wanted!r}')
                self.answered = number
                self.longest = max(self.longest, time.monotonic() - asked)
                time.sleep(BEAT)
        except OSError as error:
            self.broken = f'behind line {self.answered}: {error}'

    def stop(self):
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
