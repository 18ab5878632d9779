# SPDX-License-Identifier: Apache-2.0
"""A service manager's end of the notify protocol: a datagram socket, and what was said to it."""

import socket

from .waiting import LIMIT_S, wait_until


class Manager:
    """`address` is a path, or "@NAME" for the abstract namespace. A context manager."""

    def __init__(self, address):
        self.environment = {"NOTIFY_SOCKET": str(address)}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        text = str(address)
        self.socket.bind("\0" + text[1:] if text.startswith("@") else text)
        self.socket.setblocking(False)
        self.said = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def listen(self):
        """Every datagram up to now, in order, each as a dict of its lines."""
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return self.said
            self.said.append(dict(line.split("=", 1) for line in text.splitlines()))

    def count(self, name):
        return sum(name in datagram for datagram in self.listen())

    def wait(self, name, seconds=LIMIT_S, still_worth_it=None, after=0):
        """Waits for the first datagram with `name`, of those from number `after` on; returns it."""
        return wait_until(f"{name} in {self.said}",
                          lambda: next((d for d in self.listen()[after:] if name in d), None), seconds,
                          still_worth_it)

    def status(self):
        """The sentence it would show now."""
        return next((d["STATUS"] for d in reversed(self.listen()) if "STATUS" in d), None)
