"""The relay in Python. It runs on the server, not here: in what Python 3.6 has."""

import base64
import os
import select
import socket
import sys
import time


class RelayProcess:
    """Connections by the name that the other side gave them, and what is still to be sent on each."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self.sockets: dict[str, socket.socket] = {}
        self.rest: dict[str, bytes] = {}

    def tell(self, what: str) -> None:
        """One line to the other side."""
        data = f"\n{self.nonce} {what}\n".encode()
        while data:
            data = data[os.write(1, data) :]

    def take(self, line: bytes) -> None:
        """One line from the other side."""
        words = line.decode("ascii", "replace").split()
        name = words[0] if words else ""
        if len(words) < 3:
            self.end(name)
            return
        try:
            self.sockets[name] = connect(os.fsdecode(base64.b64decode(words[1])))
            self.rest[name] = base64.b64decode(words[2])
        except (OSError, ValueError) as error:
            self.tell(f"{name} !{error}".replace("\n", " "))

    def end(self, name: str) -> None:
        """Close one connection."""
        if name in self.sockets:
            self.sockets.pop(name).close()
            self.rest.pop(name, b"")

    def send(self, name: str) -> None:
        """Send what the socket takes now."""
        try:
            self.rest[name] = self.rest[name][self.sockets[name].send(self.rest[name]) :]
        except BlockingIOError:
            pass
        except OSError:
            self.rest[name] = b""

    def receive(self, name: str) -> None:
        """Pass on what has come."""
        try:
            data = self.sockets[name].recv(32768)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.tell(f"{name} +{base64.b64encode(data).decode()}")
        else:
            self.tell(f"{name} .")
            self.end(name)

    def run(self) -> None:
        """Until the other side ends, or is silent for 30 s."""
        buffer, heard = b"", time.time()
        self.tell("0 ready")
        while time.time() - heard < 30:
            names = {made.fileno(): name for name, made in self.sockets.items()}
            waiting = [number for number, name in names.items() if self.rest[name]]
            readable, writable, _ = select.select([0, *names], waiting, [], 10)
            for number in writable:
                self.send(names[number])
            for number in readable:
                if number:
                    self.receive(names[number])
            if 0 in readable:
                data = os.read(0, 65536)
                if not data:
                    return
                heard = time.time()
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self.take(line)


def connect(address: str) -> socket.socket:
    """A socket connected to ``/path`` or ``host:port``. Raises OSError."""
    if address.startswith("/"):
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(3)
        made.connect(address)
    else:
        host, _, port = address.rpartition(":")
        made = socket.create_connection((host.strip("[]"), int(port)), 3)
    made.setblocking(False)
    return made


if __name__ == "__main__":
    RelayProcess(sys.stdin.readline().strip()).run()
