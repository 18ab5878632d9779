# SPDX-License-Identifier: Apache-2.0
"""The commands that ask a running agent, against a real one."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import tarfile

from harness import Case, main
from harness.process import clean_environment
from harness.waiting import wait_until

READY, NOT_READY, USAGE, UNREACHABLE, TIMEOUT = range(5)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Status(Case):
    def ask(self, agent, *args, expect=READY, **more):
        """Runs a command that asks `agent`; returns what it said."""
        done = self.run_tbot(*args, "-c", agent.config, **more)
        self.assertEqual(expect, done.returncode, f"{args}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def running(self, *extra, **options):
        agent = self.agent(self.authority(), extra=extra, **options)
        agent.start()
        self.ask(agent, "wait")
        return agent

    def outage(self, agent):
        """The authority goes away, and the agent has noticed."""
        agent.authority.process.kill()
        return wait_until("degraded", lambda: "not ready" in self.run_tbot("readyz", "-c", agent.config).stdout)

    def test_status_is_a_table_and_a_document(self):
        agent = self.running()
        table = self.ask(agent, "status")
        for line in (rf"^tbot .*process {agent.process.pid}\b", r"^state +ok, for ", r"^serving +yes, until ",
                     r"^SERVICE +STATE +FOR +EXPIRES +NEXT$", r"^identity +ok .* in \S+ +in \S+$",
                     r"^connection +ok .* - +in \S+$", r"^identity-1 +ok "):
            self.assertRegex(table, re.compile(line, re.M))
        self.assertNotIn("\033", table)
        document = json.loads(self.ask(agent, "status", "--json"))
        self.assertEqual("ok", document["state"])
        self.assertEqual(agent.process.pid, document["pid"])

    def test_outage_is_told_with_its_cause(self):
        agent = self.running()
        self.outage(agent)
        table = self.ask(agent, "status", expect=NOT_READY)
        self.assertRegex(table, re.compile(r"^state +degraded", re.M))
        self.assertRegex(table, re.compile(r"^serving +yes, until ", re.M))
        self.assertRegex(table, re.compile(r"^connection +degraded.*\n    .*Connection refused(.|\n)*    -> ", re.M))
        self.assertRegex(self.ask(agent, "readyz", expect=NOT_READY), r"^not ready: .*degraded")
        self.assertRegex(self.ask(agent, "readyz", "connection", expect=NOT_READY), r"^connection: not ready: ")
        self.assertEqual("serving\n", self.ask(agent, "readyz", "--for", "serving"))
        self.assertEqual("", self.ask(agent, "wait", "--for", "serving", "--service", "identity-1"))
        late = self.ask(agent, "wait", "--timeout", "300ms", expect=TIMEOUT)
        self.assertRegex(late, r"the agent is not ready after 300ms: .*degraded")

    def test_wait_begins_before_the_agent(self):
        agent = self.agent(self.authority())
        waiting = self.spawn([agent.program, "wait", "-c", agent.config, "--timeout", "60s"], "wait")
        agent.start()
        self.assertEqual(READY, waiting.wait())
        self.assertEqual("", waiting.text())

    def test_unknown_service_is_a_mistake(self):
        agent = self.running()
        for words in (["readyz", "nope"], ["wait", "--service", "nope"]):
            self.assertIn("no service 'nope'", self.ask(agent, *words, expect=USAGE))

    def test_agent_that_was_killed_is_not_there(self):
        agent = self.running()
        agent.process.kill()
        said = self.ask(agent, "status", expect=UNREACHABLE)
        self.assertIn(str(agent.storage / "diag.sock"), said)
        self.assertIn("does not run any more", said)

    def test_another_user_is_told_whom_to_ask_as(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to become somebody else")
        setpriv = self.need_tool("setpriv")
        agent = self.running()
        done = subprocess.run([setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups", agent.program,
                               "status", "--diag-socket", agent.storage / "diag.sock"], capture_output=True,
                              text=True, check=False, env=clean_environment())
        if "failed to execute" in done.stderr:
            self.skipTest("nobody may run the program that is tested")
        self.assertEqual(UNREACHABLE, done.returncode, done.stderr)
        self.assertIn("sudo -u 'root'", done.stderr)

    def test_over_the_network_it_may_ask_but_not_change(self):
        address = f"127.0.0.1:{free_port()}"
        self.running(f"diag_addr: {address}")
        for form in (address, f"http://{address}"):
            done = self.run_tbot("status", "--diag-addr", form)
            self.assertEqual(READY, done.returncode, done.stderr)
            self.assertIn("identity-1", done.stdout)
        self.assertEqual(READY, self.run_tbot("wait", "--diag-addr", address).returncode)
        for words in (["renew"], ["debug", "set-log-level", "debug"]):
            done = self.run_tbot(*words, "--diag-addr", address)
            self.assertEqual(UNREACHABLE, done.returncode, done.stderr)
            self.assertRegex(done.stderr, "local socket.*, wants none")

    def test_without_a_socket_the_file_leads_to_the_address(self):
        agent = self.running("diag_socket: off", f"diag_addr: 127.0.0.1:{free_port()}")
        self.assertEqual("ready\n", self.ask(agent, "readyz"))
        self.assertFalse((agent.storage / "diag.sock").exists())

    def test_log_level_is_shown_and_set(self):
        agent = self.running()
        self.assertEqual("info\n", self.ask(agent, "debug", "get-log-level").lower())
        self.ask(agent, "debug", "set-log-level", "debug", "--for", "10m")
        self.assertEqual("debug\n", self.ask(agent, "debug", "get-log-level").lower())
        self.assertRegex(self.ask(agent, "status"), re.compile(r"^log +debug, until .* \(in \S+\)$", re.M))
        self.assertIn("no log level 'loud'", self.ask(agent, "debug", "set-log-level", "loud", expect=USAGE))

    def test_metrics_are_prometheus_text(self):
        self.assertRegex(self.ask(self.running(), "debug", "metrics"), re.compile(r"^process_state 0$", re.M))

    def test_dump_has_everything_but_secrets(self):
        agent = self.running()
        archive = self.dir / "dump.tar.gz"
        self.ask(agent, "debug", "dump", "-o", archive)
        self.assertEqual(0o600, archive.stat().st_mode & 0o777)
        with tarfile.open(archive) as tar:
            files = {os.path.basename(m.name): tar.extractfile(m).read().decode() for m in tar.getmembers()}
        self.assertLessEqual({"status.json", "readyz.json", "servez.json", "metrics.txt", "log-level.txt",
                              "tbot.yaml", "index.txt"}, set(files))
        self.assertEqual("ok", json.loads(files["status.json"])["state"])
        self.assertIn(str(agent.output), files["tbot.yaml"])
        self.assertIn("(masked)", files["tbot.yaml"])
        secrets = [agent.authority.token, *(agent.storage / "key").read_text().splitlines()[1:-1]]
        for name, text in files.items():
            for secret in secrets:
                self.assertNotIn(secret, text, name)
        # On standard output it is the same, for a container from which nothing can be copied.
        done = subprocess.run([agent.program, "debug", "dump", "-c", agent.config, "-o", "-"], check=True,
                              capture_output=True, env=clean_environment())
        self.assertEqual(b"\x1f\x8b", done.stdout[:2])

    def test_watch_goes_on_through_the_end_of_the_agent(self):
        agent = self.running()
        watch = self.spawn([agent.program, "status", "-c", agent.config, "--watch=50ms"], "watch")
        watch.wait_text(r"(?s)SERVICE.*SERVICE")
        agent.process.stop()
        watch.wait_text(r"Is the agent running\?")
        watch.send(signal.SIGINT)
        self.assertEqual(-signal.SIGINT, watch.wait())

    def on_terminal(self, *words, **env):
        """What a command writes on a terminal."""
        ours, theirs = pty.openpty()
        with subprocess.Popen([os.environ["TBOT"], *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
                              env=clean_environment({"TERM": "xterm", **env})) as child:
            os.close(theirs)
            text = b""
            try:
                while block := os.read(ours, 65536):
                    text += block
            except OSError:  # the terminal's way to say that nobody writes any more
                pass
            child.wait()
        os.close(ours)
        return text.decode()

    def test_terminal_has_colours_unless_they_are_not_wanted(self):
        agent = self.running()
        self.assertIn("\033[32mok\033[0m", self.on_terminal("status", "-c", agent.config))
        self.assertNotIn("\033", self.on_terminal("status", "-c", agent.config, NO_COLOR="1"))
        self.assertNotIn("\033", self.on_terminal("status", "-c", agent.config, TERM="dumb"))
        nobody = self.on_terminal("wait", "--timeout", "300ms", "--diag-socket", self.dir / "none")
        self.assertRegex(nobody, r"waiting \S+: ")


if __name__ == "__main__":
    main()
