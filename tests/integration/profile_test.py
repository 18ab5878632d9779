# SPDX-License-Identifier: Apache-2.0
"""Profiles, read by those they are made for: go tool pprof."""

import os
import pathlib
import re
import signal
import subprocess
import threading

from harness import Case, Diag, main, wait_until
from harness.process import clean_environment


class Reader(Case):
    def top(self, profile, *options):
        """Function → (flat, cumulative) in percent, as pprof shows them without looking at any program."""
        self.need_tool("go")
        done = subprocess.run(["go", "tool", "pprof", "-symbolize=none", "-top", "-nodefraction=0",
                               *options, profile], capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        rows = re.findall(r"^ *\S+ +([\d.]+)% +[\d.]+% +\S+ +([\d.]+)%  (\S.*)$", done.stdout, re.M)
        return {name: (float(flat), float(cum)) for flat, cum, name in rows}


    def with_stacks(self, threads):
        """The list's text; a build for ThreadSanitizer has none but of names."""
        text = threads.read_text()
        if text.count("gave no stack") == text.count("# thread "):
            self.skipTest("not in this build")
        return text


class Profile(Reader):
    def take(self, program, kind):
        """A file with the profile that the program made of itself."""
        profile = self.dir / f"{kind}.pb.gz"
        with profile.open("wb") as out:
            code = subprocess.run([program, kind], stdout=out, env=clean_environment(), timeout=60,
                                  check=False).returncode
        if code == 77:
            self.skipTest("not in this build")
        self.assertEqual(0, code)
        return profile

    def stripped(self):
        program = self.dir / "stripped"
        subprocess.run([self.need_tool("strip"), "-o", program, os.environ["TBOT_PROFILE_SUBJECT"]],
                       check=True)
        return program

    def test_pprof_names_the_hot_function(self):
        top = self.top(self.take(os.environ["TBOT_PROFILE_SUBJECT"], "cpu"))
        self.assertGreater(top["derive_slowly"][1], 90, top)
        self.assertGreater(top["PKCS5_PBKDF2_HMAC"][1], 90, top)

    def test_pprof_names_static_functions_of_a_stripped_program(self):
        program = self.stripped()
        symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=False)
        self.assertNotIn("derive_slowly", symbols.stdout)
        top = self.top(self.take(program, "cpu"))
        self.assertGreater(top["derive_slowly"][1], 90, top)

    def test_pprof_names_who_holds_memory(self):
        top = self.top(self.take(os.environ["TBOT_PROFILE_SUBJECT"], "heap"))
        self.assertGreater(top["hold_much"][0], 90, top)
        self.assertNotIn("malloc", top)

    def test_pprof_reads_the_list_of_threads(self):
        profile = self.take(os.environ["TBOT_PROFILE_SUBJECT"], "threads")
        self.assertIn("derive_slowly+0x", self.with_stacks(profile))
        self.need_tool("go")
        done = subprocess.run(["go", "tool", "pprof", "-top", profile], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("Type: goroutine", done.stdout)


class Agent(Reader):
    """Asked at the local socket of an agent that works hard."""

    def start(self, *args):
        cluster = self.authority()
        self.secret = cluster.token
        self.subject = self.agent(cluster, token="/not/there")
        self.subject.start("--join-method", "token", "--token", self.secret, *args)
        self.subject.wait_output()
        self.local = Diag(self.subject.storage / "diag.sock")
        wait_until("readiness", lambda: self.local.code("/readyz") == 200, 30,
                   self.subject.process.must_live)

    def fetch(self, path):
        """The answer's bytes; curl, as they are no text."""
        answer = self.dir / "answer"
        done = subprocess.run([self.need_tool("curl"), "-sS", "--max-time", "100", "-o", answer,
                               "-w", "%{http_code}", "--unix-socket", self.subject.storage / "diag.sock",
                               f"http://localhost/debug/pprof/{path}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return int(done.stdout), answer.read_bytes()

    def profile(self, path):
        code, content = self.fetch(path)
        if code == 501 or (code == 503 and b"not begun" in content):
            self.skipTest("not in this build")
        self.assertEqual(200, code, content)
        file = self.dir / "profile.pb.gz"
        file.write_bytes(content)
        return file

    def work_hard(self):
        """Renews as fast as it can until the test ends."""
        done = threading.Event()

        def drive():
            while not done.wait(0.05):
                self.subject.renew_now()
        driver = threading.Thread(target=drive)
        driver.start()
        self.addCleanup(driver.join)
        self.addCleanup(done.set)

    def test_there_are_none_without_debug(self):
        self.start()
        for path in ("", "profile?seconds=1", "heap", "threads", "goroutine?debug=1", "cmdline", "symbol"):
            self.assertEqual(404, self.local.code(f"/debug/pprof/{path}"), path)

    def test_pprof_names_what_a_working_agent_does(self):
        self.start("--debug")
        self.work_hard()
        generation = self.subject.generation()
        top = self.top(self.profile("profile?seconds=5"))
        self.assertGreater(self.subject.generation(), generation)
        # Our own function, down to which the work can be followed from the thread's beginning.
        self.assertIn("renewal_run", top)
        self.assertTrue([name for name in top if "grpc_core" in name], top)

    def test_a_stripped_agent_names_its_functions(self):
        program = self.dir / "tbot"
        subprocess.run([self.need_tool("strip"), "-o", program, os.environ["TBOT"]], check=True)
        done = subprocess.run(["nm", program], capture_output=True, text=True, check=False)
        self.assertNotIn("agent_run", done.stdout)
        os.environ["TBOT"], before = str(program), os.environ["TBOT"]
        self.addCleanup(os.environ.__setitem__, "TBOT", before)
        self.start("--debug")
        self.assertIn("agent_run+0x", self.with_stacks(self.profile("threads")))

    def test_pprof_names_who_holds_memory(self):
        self.start("--debug")
        self.work_hard()
        profile = self.profile("heap")
        self.assertIn("CRYPTO_zalloc", self.top(profile, "-sample_index=alloc_space"))

    def test_threads_are_named_and_go_on_after_being_asked(self):
        self.start("--debug")
        self.work_hard()
        generation = self.subject.generation()
        texts = "".join(self.profile("threads").read_text() for _ in range(50))
        # Each at some moment: a renewal may change the connection, and with it the pump.
        for name in ("identity", "identity-1", "connection", "pump", "poller", "profiler"):
            self.assertRegex(texts, rf'# thread \d+ "{name}": ')
        self.subject.wait_generation(generation + 2)
        self.assertEqual(200, self.local.code("/readyz"))

    def test_no_thread_blocks_the_signals_that_ask_it(self):
        self.start("--debug")
        if "libtsan" in pathlib.Path(f"/proc/{self.subject.process.pid}/maps").read_text():
            self.skipTest("ThreadSanitizer has a thread of its own")
        self.subject.renew_now()
        self.subject.wait_generation(2)
        seen = 0
        for status in pathlib.Path(f"/proc/{self.subject.process.pid}/task").glob("*/status"):
            try:
                text = status.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            blocked = int(re.search(r"^SigBlk:\s*(\w+)$", text, re.M).group(1), 16)
            for signo in (signal.SIGPROF, signal.SIGURG):
                self.assertFalse(blocked >> (signo - 1) & 1, text)
            seen += 1
        self.assertGreater(seen, 5)

    def test_no_secret_is_told(self):
        self.start("--debug")
        for path in ("", "cmdline", "threads", "heap", "profile?seconds=1", "symbol"):
            code, content = self.fetch(path)
            self.assertIn(code, (200, 501, 503), path)
            self.assertNotIn(self.secret.encode(), content, path)
        self.assertIn(b"--token\0", self.fetch("cmdline")[1])


if __name__ == "__main__":
    main()
