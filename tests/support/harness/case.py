# SPDX-License-Identifier: Apache-2.0
"""A test case with a directory, programs that are killed afterwards, and outcomes that can be counted."""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from .agent import Agent
from .authority import Authority
from .process import Process, run

SKIPPED = 77


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        # Short, because a Unix socket's path has at most 107 bytes.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tbot-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.processes = []
        # Runs before the directory goes, after the test's own clean-ups.
        self.addCleanup(self.end_processes)

    def end_processes(self):
        for process in reversed(self.processes):
            process.end()
        for process in self.processes:
            self.assertIsNone(process.sanitizer_report(), process.log.name)

    def show_logs(self):
        for process in self.processes:
            print(f"--- {process.log.name}: {' '.join(process.argv)}\n{process.text()}",
                  file=sys.stderr)

    def spawn(self, argv, name, env=None):
        process = Process(argv, self.dir / f"{name}.log", env)
        self.processes.append(process)
        return process

    def run_tbot(self, *args, env=None, seconds=60):
        return run([os.environ["TBOT"], *args], env, seconds)

    def authority(self, **options):
        return Authority(self.spawn, self.dir, **options)

    def agent(self, authority, **options):
        return Agent(self.spawn, self.dir, authority, **options)

    def need_tool(self, name):
        """Skips the test, to be counted, where a program is missing."""
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if not path:
            self.skipTest(f"needs {name}")
        return path


class Recorder(unittest.TextTestResult):
    """Keeps every case's verdict for scripts/run-tests."""

    def startTestRun(self):
        super().startTestRun()
        self.cases = {}

    def note(self, test, verdict, reason=""):
        # A subtest is noted under its test, and the worst verdict stays.
        name = getattr(test, "test_case", test).id().removeprefix("__main__.")
        if self.cases.get(name, {}).get("verdict") != "failed":
            self.cases[name] = {"name": name, "verdict": verdict, "reason": reason}

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def note_failure(self, test):
        self.note(test, "failed")
        # Told here, while the logs are there: what cleans up afterwards cannot see that it failed.
        if isinstance(test, Case):
            test.show_logs()

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note_failure(test)

    def addError(self, test, err):
        super().addError(test, err)
        self.note_failure(test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.note_failure(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)


def main():
    """Runs the cases of the calling file; exit code 77 when every one was skipped."""
    runner = unittest.TextTestRunner(resultclass=Recorder, verbosity=2)
    result = unittest.main(module="__main__", testRunner=runner, exit=False).result
    results = os.environ.get("TBOT_RESULTS")
    if results:
        path = pathlib.Path(results)
        path.mkdir(parents=True, exist_ok=True)
        stem = pathlib.Path(sys.argv[0]).stem.removesuffix("_test")
        (path / f"{stem}.json").write_text(json.dumps(list(result.cases.values())))
    if not result.wasSuccessful():
        sys.exit(1)
    verdicts = {case["verdict"] for case in result.cases.values()}
    sys.exit(SKIPPED if verdicts == {"skipped"} else 0)
