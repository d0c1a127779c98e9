"""Stands in front of a TCP server, as a router that forwards a port, or a firewall that looks into mail and changes it."""
import contextlib
import socket
import threading


def strip_tls(data):
    """What some firewalls do to what a server offers."""
    return data.replace(b"STARTTLS", b"XXXXXXXA").replace(b"STLS", b"XXXX")


class Forwarder:
    """From `port` (0: a free one) to `to`, each (address, port) or a port of 127.0.0.1; `change`: applied to what the server says.
    `heard`: what clients have sent."""

    def __init__(self, to, port=0, change=None):
        self.to = to if isinstance(to, tuple) else ("127.0.0.1", to)
        self.change, self.heard = change, b""
        self.listener = socket.create_server(port if isinstance(port, tuple) else ("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self.listener.accept()
                try:
                    server = socket.create_connection(self.to)
                except OSError:
                    client.close()
                    continue
                threading.Thread(target=self._pump, args=(client, server, self._hear), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, self.change), daemon=True).start()

    def _hear(self, data):
        self.heard += data
        return data

    @staticmethod
    def _pump(source, to, change):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(change(data) if change else data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
