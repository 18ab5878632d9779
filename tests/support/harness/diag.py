# SPDX-License-Identifier: Apache-2.0
"""The diagnostics of a running agent, asked as any client would, and watched while something happens."""

import collections
import gzip
import http.client
import json
import socket
import struct
import threading
import time

from .waiting import LIMIT_S

GZIP = b"\x1f\x8b"

Answer = collections.namedtuple("Answer", "code headers text")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT_S)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        # Waits for a place in the queue, which a socket with a timeout of Python's does not.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", self.timeout, 0))
        self.sock.connect(self.path)
        self.sock.settimeout(self.timeout)


class Diag:
    """`at` is "HOST:PORT", or the path of a Unix socket."""

    def __init__(self, at):
        self.at = at

    def connect(self):
        """A connected socket, on which nothing was said yet."""
        connection = self.new()
        connection.connect()
        return connection.sock

    def new(self):
        if isinstance(self.at, str) and ":" in self.at:
            return http.client.HTTPConnection(self.at, timeout=LIMIT_S)
        return UnixConnection(self.at)

    def ask(self, path, method="GET", headers=None, body=None):
        connection = self.new()
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            raw = reply.read()
            plain = gzip.decompress(raw) if raw.startswith(GZIP) else raw
            return Answer(reply.status, dict(reply.getheaders()), plain.decode(errors="replace"))
        finally:
            connection.close()

    def code(self, path):
        return self.ask(path).code

    def json(self, path):
        return json.loads(self.ask(path).text)


Look = collections.namedtuple("Look", "asked answered code text")


class Watch:
    """Asks some paths again and again, in a thread of its own, until it is left. A context manager.

    `looks` has a list of each path: the calendar before and after each answer, its code and text.
    """

    def __init__(self, diag, paths, every=0.03):
        self.diag = diag
        self.looks = {path: [] for path in paths}
        self.every = every
        self.over = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        try:
            while not self.over.wait(self.every):
                for path, looks in self.looks.items():
                    asked = time.time()
                    answer = self.diag.ask(path)
                    looks.append(Look(asked, time.time(), answer.code, answer.text))
        except OSError as failure:
            self.failure = failure

    def last(self, path):
        """The last answer; raises what has ended the watch."""
        if self.failure:
            raise AssertionError(f"no answer: {self.failure!r}")
        looks = self.looks[path]
        return looks[-1] if looks else None

    def last_code(self, path):
        look = self.last(path)
        return look and look.code

    def story(self, path):
        """Each code with the moment from which on it was the answer: [(code, asked), ...]."""
        told = []
        for look in list(self.looks[path]):
            if not told or told[-1][0] != look.code:
                told.append((look.code, look.asked))
        return told

    def codes(self, path):
        return [code for code, _ in self.story(path)]
