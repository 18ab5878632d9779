# SPDX-License-Identifier: Apache-2.0
"""One running program, whose output goes to a file that a test can search. Killed by its own pid."""

import ctypes
import os
import pathlib
import re
import signal
import subprocess
import time

from .waiting import LIMIT_S, wait_until

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
SANITIZER = re.compile(r".*(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ).*")


def clean_environment(extra=None):
    """The caller's environment without what would change how our programs behave."""
    kept = {k: v for k, v in os.environ.items()
            if not k.upper().endswith("_PROXY") and not k.startswith(("TELEPORT_", "TBOT_"))}
    return {**kept, **(extra or {})}


def detach():
    """In the child: Ctrl-C is the parent's to handle, and the child does not outlive the parent."""
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, argv, log, env=None):
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.started = time.monotonic()
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, env=clean_environment(env),
                                          preexec_fn=detach)

    @property
    def pid(self):
        return self.popen.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.popen.poll() is None

    def must_live(self):
        if not self.alive():
            raise AssertionError(f"{self.argv[0]} ended with {self.popen.returncode}:\n{self.text()}")

    def sanitizer_report(self):
        """The first line of what a sanitizer found up to now, or None. A program that was killed has no
        exit code to tell."""
        found = SANITIZER.search(self.text())
        return found and found.group()

    def wait_text(self, pattern, seconds=LIMIT_S, after=0):
        """Waits until its output, from character `after` on, has a match, which is returned."""
        return wait_until(f"{pattern!r} in {self.log.name}",
                          lambda: re.search(pattern, self.text()[after:]), seconds, self.must_live)

    def send(self, signum):
        self.popen.send_signal(signum)

    def wait(self, seconds=LIMIT_S):
        """Waits for its end; returns its exit code, negative for a signal."""
        return self.popen.wait(seconds)

    def stop(self, seconds=LIMIT_S):
        """SIGTERM, and its exit code."""
        if self.alive():
            self.send(signal.SIGTERM)
        return self.wait(seconds)

    def end(self, seconds=3):
        """For clean-up: an orderly end, which shows leaks, or else a quick one."""
        try:
            self.stop(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """SIGKILL, whatever state it is in."""
        if self.alive():
            self.popen.kill()
        self.popen.wait()


def run(argv, env=None, seconds=60, **more):
    """Runs a program to its end; never raises for its exit code."""
    return subprocess.run([str(word) for word in argv], env=clean_environment(env), text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds,
                          check=False, errors="replace", **more)
