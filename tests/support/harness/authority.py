# SPDX-License-Identifier: Apache-2.0
"""The development authority on free ports, and its faults on command."""

import json
import os
import socket

from .waiting import wait_until


class Authority:
    """`version` is the major version it imitates. `spawn` and `directory` are the test's."""

    def __init__(self, spawn, directory, version=17, suite=None, name="authority", extra=()):
        self.token = "first-token-of-robot"
        self.bot = "robot"
        self.control = directory / f"{name}.sock"
        ready = directory / f"{name}.ready"
        # Version 15 and 16 know no suites: RSA it is.
        suite = suite or ("balanced-v1" if version >= 17 else "legacy")
        self.process = spawn(
            [os.environ["TBOT_AUTHORITY"], "--cluster", "example", "--version", str(version),
             "--suite", suite, "--listen-auth", "127.0.0.1:0", "--listen-web", "127.0.0.1:0",
             "--bot", self.bot, "--token", self.token, "--control", self.control,
             "--ready-file", ready, *extra], name)
        wait_until("the authority to be ready", ready.exists, still_worth_it=self.process.must_live)
        facts = json.loads(ready.read_text())
        self.auth_addr = facts["auth_addr"]
        self.web_addr = facts["web_addr"]
        self.ca_pin = facts["ca_pin"]

    def command(self, *words):
        """Sends one command; returns its reply. See `tbot-authority --help`."""
        line = " ".join(json.dumps(str(w)) if " " in str(w) else str(w) for w in words)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(self.control))
            s.sendall(line.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            reply = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        if reply.startswith("error"):
            raise AssertionError(f"authority: {line}: {reply}")
        return reply

    def fault(self, *words):
        self.command("fault", *words)

    def clear(self):
        self.command("clear")

    def status(self):
        return json.loads(self.command("status"))

    def generation(self):
        return self.status()["bots"][0]["generation"]

    def is_locked(self):
        return self.status()["bots"][0]["locked"]

    def requests(self, method):
        """How often a method was called, by the last part of its path."""
        return sum(n for path, n in self.status()["requests"].items() if path.endswith(method))

    def new_token(self, value):
        self.command("token", self.bot, value)
        return value
