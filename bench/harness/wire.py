"""A client's connection for measurements: raw lines on a socket, so that the time is the server's."""
import socket
import ssl

SILENCE = 300  # seconds without a byte after which a server is taken for dead


class Connection:
    def __init__(self, port, tls=False):
        self.socket, self.rest = socket.create_connection(("127.0.0.1", port), SILENCE), b""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.begin_tls()

    def begin_tls(self):
        """With whatever certificate the server has."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def receive(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise RuntimeError("the server closed")
        return piece

    def read_past(self, mark):
        """What stood before it."""
        while mark not in self.rest:
            self.rest += self.receive()
        before, _, self.rest = self.rest.partition(mark)
        return before

    def read_line(self):
        return self.read_past(b"\r\n")

    def close(self):
        self.socket.close()
