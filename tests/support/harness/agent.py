# SPDX-License-Identifier: Apache-2.0
"""The agent under test: its configuration, its process, and what it left on disk."""

import json
import os
import pathlib
import signal
import tempfile

from . import pem
from .process import run
from .waiting import LIMIT_S, wait_until

# What Go tbot keeps in its storage directory with the token method; nothing else may stay there
# after a clean stop, or that directory could not be handed back. (`sshcert` is the old name of
# key-cert.pub; Go tbot leaves it behind, empty.)
STORAGE_FILES = {"key", "key.pub", "key-cert.pub", "tlscert", "sshcacerts", "tlscacerts", "tokenhash",
                 ".write-test", "lock", "sshcert"}
# Ours on top of it: what was learnt about the way to the cluster. Go tbot does not look at it.
OUR_STORAGE_FILES = {"path.json"}


class Agent:
    """`via` is "auth" or "proxy"; config_text() has the other options. `spawn` and `directory` are the
    test's. Nothing runs until start() or oneshot()."""

    def __init__(self, spawn, directory, authority, via="auth", **options):
        self.spawn = spawn
        self.authority = authority
        self.name = options.pop("name", "agent")
        self.storage = pathlib.Path(options.pop("storage", directory / f"{self.name}-storage"))
        self.output = pathlib.Path(options.pop("output", directory / f"{self.name}-output"))
        self.program = options.pop("program", os.environ["TBOT"])
        self.env = options.pop("env", None)
        self.config = directory / f"{self.name}.yaml"
        self.process = None
        for path in (self.storage, self.output):
            path.mkdir(mode=0o700, exist_ok=True)
        self.config.write_text(self.config_text(via, **options))

    def config_text(self, via, address=None, token=None, pin=None, insecure=None, ttl="10m",
                    interval="5m", ttl_key="credential_ttl", outputs=None, storage_lines=None, destination_lines=(),
                    service_lines=(), extra=(), join_method="token"):
        """The configuration; what is not given is what works."""
        if insecure is None:
            insecure = via == "proxy"  # the proxy's web certificate leads to no public CA here
        address = address or (self.authority.auth_addr if via == "auth" else self.authority.web_addr)
        lines = ["version: v2", f"{via}_server: {address}",
                 "onboarding:", f"  join_method: {join_method}",
                 f"  token: {json.dumps(token or self.authority.token)}"]
        if insecure:
            lines.insert(2, "insecure: true")
        elif via == "auth":
            lines.append(f"  ca_pins: [{json.dumps(pin or self.authority.ca_pin)}]")
        lines += [f"{ttl_key}: {ttl}", f"renewal_interval: {interval}", "storage:"]
        lines += storage_lines or ["  type: directory", f"  path: {self.storage}"]
        lines.append("outputs:")
        for path in outputs or [self.output]:
            lines += ["  - type: identity", "    destination:", "      type: directory",
                      f"      path: {path}", *(f"      {line}" for line in destination_lines),
                      *(f"    {line}" for line in service_lines)]
        return "\n".join([*lines, *extra]) + "\n"

    def start(self, *args):
        """Starts it in the background; returns the Process."""
        self.process = self.spawn([self.program, "start", "-c", self.config, *args],
                                  self.name, self.env)
        return self.process

    def oneshot(self, *args, seconds=60):
        """Runs one pass; returns subprocess.CompletedProcess."""
        return run([self.program, "start", "-c", self.config, "--oneshot", *args], self.env, seconds)

    def renew_now(self):
        self.process.send(signal.SIGUSR1)

    # What is on disk. Files are replaced one by one, so a reader that looks between two of them looks again.

    def generation(self):
        """The stored identity's generation; None while there is none."""
        try:
            return pem.generation(self.storage / "tlscert")
        except AssertionError:
            return None

    def wait_generation(self, at_least, seconds=LIMIT_S):
        return wait_until(f"generation {at_least} (it is {self.generation()})",
                          lambda: (self.generation() or 0) >= at_least and self.generation(), seconds,
                          self.process and self.process.must_live)

    def output_serial(self):
        try:
            return pem.serial(self.output / "tlscert")
        except AssertionError:
            return None

    def wait_output(self, other_than=None, seconds=LIMIT_S):
        """Waits for a whole output whose certificate is not `other_than`; returns its serial."""
        def whole():
            serial = self.output_serial()
            return serial if serial and serial != other_than and self.output_is_consistent() else None
        return wait_until("a fresh output", whole, seconds, self.process and self.process.must_live)

    def output_is_consistent(self):
        """Read in a moment and judged at leisure: openssl may take longer than from renewal to renewal."""
        with tempfile.TemporaryDirectory(dir=self.config.parent) as directory:
            copy = pathlib.Path(directory)
            try:
                for name in ("key", "tlscert", "identity"):
                    (copy / name).write_bytes((self.output / name).read_bytes())
                return pem.public_key_of_key(copy / "key") == pem.public_key_of_cert(copy / "tlscert") and \
                    (copy / "tlscert").read_text().strip() in (copy / "identity").read_text()
            except (AssertionError, FileNotFoundError):
                return False

    def snapshot(self):
        """Every file of the storage directory with its bytes: to see that nothing was touched."""
        return {p.name: p.read_bytes() for p in self.storage.iterdir() if p.is_file()}
