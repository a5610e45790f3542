"""Small HTTP servers and clients in plain sockets, many in one process."""
import contextlib
import socket
import ssl
import threading

SECONDS = 2.0          # for one exchange
READY = b'ready\n'
STREAM = '/stream'     # answered line by line for as long as the client asks


class HttpServer:
    """Answers `/` with its label, other paths from `pages`: path -> (status, body)."""

    def __init__(self, place, address, port, label, certificate=None):
        self.place, self.address, self.label = place, (address, port), label
        self.pages = {'/': (200, label)}
        self.context = tls_context(certificate) if certificate else None
        self.listener = None
        self.open = set()
        self.start()

    def start(self):
        family = socket.AF_INET6 if ':' in self.address[0] else socket.AF_INET
        with self.place():
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self.address)
            listener.listen(128)
        self.listener = listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def stop(self):
        """As a killed process: nobody listens, and open connections end."""
        if self.listener is None:
            return
        for one in [self.listener, *self.open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.listener = None

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        self.open.add(connection)
        with contextlib.suppress(OSError, ValueError, IndexError), connection:
            connection.settimeout(SECONDS)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            path = read_head(connection).split(' ')[1]
            if path == STREAM:
                self.stream(connection)
            else:
                connection.sendall(response(*self.pages.get(path, (404, 'no such page'))))
                connection.shutdown(socket.SHUT_RDWR)
        self.open.discard(connection)

    def stream(self, connection):
        connection.settimeout(None)
        connection.sendall(READY)
        while line := connection.recv(100):
            connection.sendall(self.label.encode() + b' ' + line)


def tls_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def read_head(connection):
    head = b''
    while b'\r\n\r\n' not in head:
        more = connection.recv(4096)
        if not more:
            raise ValueError('the request ends too early')
        head += more
    return head.decode('latin-1')


def response(status, body):
    data = body.encode()
    return (f'HTTP/1.0 {status} Told\r\nContent-Type: text/plain\r\n'
            f'Content-Length: {len(data)}\r\n\r\n').encode() + data


def get(address, port, path):
    """The body of a page with status 200, else None; made in the namespace of the caller."""
    try:
        with socket.create_connection((address, port), SECONDS) as connection:
            connection.sendall(f'GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n'.encode())
            data = b''
            while more := connection.recv(4096):
                data += more
    except OSError:
        return None
    head, _, body = data.partition(b'\r\n\r\n')
    return body.decode() if b' 200 ' in head.split(b'\r\n')[0] else None
