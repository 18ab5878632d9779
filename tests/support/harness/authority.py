# SPDX-License-Identifier: Apache-2.0
"""The development authority on free ports, and its faults on command."""

import json
import os
import socket

from .waiting import LIMIT_S, wait_until


class Authority:
    """`version` is the major version it imitates. `spawn` and `directory` are the test's."""

    def __init__(self, spawn, directory, version=17, suite=None, name="authority", extra=()):
        self.bot = "robot"
        self.control = directory / f"{name}.sock"
        self.web_ca = directory / f"{name}-web-ca.pem"  # for SSL_CERT_FILE
        ready = directory / f"{name}.ready"
        argv = [os.environ["TBOT_AUTHORITY"], "--cluster", "example", "--imitate", str(version),
                "--bot", f"{self.bot}=access", "--control", self.control, "--web-ca", self.web_ca,
                "--ready-file", ready, *extra]
        self.process = spawn(argv + (["--suite", suite] if suite else []), name)
        wait_until("the authority to be ready", ready.exists, still_worth_it=self.process.must_live)
        facts = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        self.auth_addr = facts["auth"]
        self.web_addr = facts["web"]
        self.ca_pin = facts["pin"]
        self.token = facts["token"]

    def command(self, *words):
        """Sends one command; returns what it printed. See `tbot-authority --help`."""
        line = " ".join(f'"{w}"' if " " in str(w) else str(w) for w in words)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(LIMIT_S)
            s.connect(str(self.control))
            s.sendall(line.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            reply = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        text, _, verdict = reply.rstrip("\n").rpartition("\n")
        if verdict != "ok":
            raise AssertionError(f"authority: {line}: {reply}")
        return text

    def status(self):
        return json.loads(self.command("status"))

    def generation(self, bot=None):
        """Of the bot's instance that was heard of last."""
        return next(b["generation"] for b in self.status()["bots"] if b["name"] == (bot or self.bot))

    def is_locked(self):
        return any(bot["locked"] for bot in self.status()["bots"])

    def requests(self, method):
        """How often a method was called, by the last part of its path."""
        return sum(n for path, n in self.status()["requests"].items() if path.endswith(method))

    def joins(self):
        """Joins that were asked for, in whatever form."""
        return sum(self.requests(m) for m in ("RegisterUsingToken", "Join", "register", "credentials"))

    def new_token(self, bot=None):
        return self.command("new-token", bot or self.bot).strip()

    def new_bot(self, name):
        """Adds a bot; returns a token for it."""
        self.command("new-bot", f"{name}=access")
        return self.new_token(name)
