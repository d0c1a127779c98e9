"""An SMTP server that does what a test tells it, on a loopback port of its own: well behaved but for the steps that `script` names.

    with ScriptedServer({"RCPT": "550 5.1.1 no"}) as server: … server.port, server.messages, server.commands

A step is one of connect, EHLO, HELO, LHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BDAT, dot, RSET, QUIT; what it does is a reply (lines joined by "\\n"), bytes
that are sent as they are, HANG_UP, or a function of the session that says one of these, or None if it has sent session.said itself. A list is used up call by call, its last entry for good."""
import socket
import ssl
import threading

HANG_UP = object()


class Session(threading.Thread):
    def __init__(self, server, connection):
        super().__init__(daemon=True)
        self.server, self.connection = server, connection
        self.file = connection.makefile("rb")
        self.recipients, self.said = 0, ""

    def run(self):
        try:
            self.serve()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            self.file.close()
            self.connection.close()

    def say(self, step, default):
        what = self.server.next(step, default)
        if callable(what):
            what = what(self)
        if what is None:  # it has spoken for itself
            return self.said
        if what is HANG_UP:
            self.connection.shutdown(socket.SHUT_RDWR)
            raise EOFError
        if isinstance(what, bytes):
            self.connection.sendall(what)
            return what.decode("latin-1")
        lines = what.split("\n")
        wire = "".join(f"{line[:3]}{'-' if i + 1 < len(lines) else ' '}{line[4:]}\r\n" for i, line in enumerate(lines))
        self.connection.sendall(wire.encode())
        return what

    def serve(self):
        self.server.connections += 1
        self.say("connect", "220 scripted.test ESMTP")
        while True:
            line = self.file.readline()
            if not line:
                return
            line = line.decode("utf-8", "replace").rstrip("\r\n")
            self.server.commands.append(line)
            self.command(line)

    def command(self, line):
        verb = line.split(" ")[0].upper()
        if verb in ("EHLO", "LHLO"):
            self.say(verb, "\n".join("250 " + word for word in ("scripted.test", *self.server.extensions)))
        elif verb == "STARTTLS":
            if self.say(verb, "220 go").startswith("220"):
                if self.server.tls is None:
                    raise EOFError
                self.file.close()
                self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
                self.file = self.connection.makefile("rb")
        elif verb == "DATA":
            if self.say(verb, "354 go").startswith("354"):
                self.take_message()
        elif verb == "BDAT":
            self.server.messages.append(self.file.read(int(line.split(" ")[1])))
            self.say(verb, "250 2.0.0 taken")
        elif verb == "QUIT":
            self.say(verb, "221 bye")
            raise EOFError
        else:
            defaults = {"HELO": "250 scripted.test", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "RSET": "250 ok"}
            self.say(verb, defaults.get(verb, "500 what?"))

    def take_message(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.messages.append(b"".join(lines))
        self.say("dot", "250 2.0.0 taken")


class ScriptedServer:
    def __init__(self, script=None, extensions=("PIPELINING", "8BITMIME", "SIZE 10000000"), tls=None, host="127.0.0.1", port=0):
        self.script, self.extensions, self.tls = dict(script or {}), extensions, tls
        self.commands, self.messages, self.connections = [], [], 0
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, port))
        self.host, self.port = self.listener.getsockname()[:2]

    def next(self, step, default):
        with self.lock:
            what = self.script.get(step, default)
            if isinstance(what, list):
                return what.pop(0) if len(what) > 1 else what[0]
            return what

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            Session(self, connection).start()

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
