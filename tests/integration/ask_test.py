# SPDX-License-Identifier: Apache-2.0
"""The commands that ask a running agent, against a real one."""

import http.server
import json
import os
import pty
import re
import signal
import socketserver
import subprocess
import tarfile
import threading

from harness import Case, main
from harness.impostor import refused_address
from harness.process import clean_environment
from harness.waiting import wait_until

READY, NOT_READY, USAGE, UNREACHABLE, TIMEOUT = range(5)


class Ask(Case):
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
        for line in (rf"^tbot \d.*process {agent.process.pid}\b", r"^state +ok, for ", r"^serving +yes, until ",
                     rf"^authority +up, {agent.authority.auth_addr}, Teleport \d", r"^ +last contact .*round trip ",
                     r"^identity +fresh, bot robot, cluster example, generation 1$", r"^ +valid until .*next renewal ",
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
        # Nothing, or on a slow machine what it waits for.
        self.assertEqual("", re.sub("(?m)^tbot: waiting .*\n", "", waiting.text()))

    def test_wait_tells_a_log_why_and_once_for_each_reason(self):
        authority = self.authority()
        agent = self.agent(authority, extra=["startup: wait"])
        waiting = self.spawn([agent.program, "wait", "-c", agent.config, "--for", "serving", "--timeout", "2m"],
                             "wait")
        waiting.wait_text(r"tbot: waiting \S+: .*diag.sock.*No such file")
        authority.command("refuse")
        agent.start()
        waiting.wait_text(r"tbot: waiting \S+: identity has no credentials yet")
        authority.command("clear")
        agent.renew_now()
        self.assertEqual(READY, waiting.wait(100))
        told = [line.split(": ", 2)[2] for line in waiting.text().splitlines()]
        self.assertFalse([reason for reason, next_one in zip(told, told[1:]) if reason == next_one], told)

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
        address = refused_address()
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
        agent = self.running("diag_socket: off", f"diag_addr: {refused_address()}")
        self.assertEqual("ready\n", self.ask(agent, "readyz"))
        self.assertFalse((agent.storage / "diag.sock").exists())

    def test_renew_renews(self):
        agent = self.running()
        self.ask(agent, "renew")
        agent.wait_generation(2)
        wait_until("the status to say so",
                   lambda: re.search(r"^identity .*, generation 2$", self.ask(agent, "status"), re.M))

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


class Played(Case):
    """What a real agent seldom says: the other end is a server of the test's."""

    def setUp(self):
        super().setUp()
        self.socket = self.dir / "diag.sock"
        self.replies = {}
        self.asked = []
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                test.asked.append(self.path)
                code, body = test.replies.get(self.path, (404, b'{"error": "no such page"}'))
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

            def address_string(self):
                return "socket"

        server = socketserver.UnixStreamServer(str(self.socket), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))

    def ask(self, *args):
        return self.run_tbot(*args, "--diag-socket", self.socket)

    def test_profile_is_written_as_it_came(self):
        content = bytes(range(256)) * 300
        for words, page in ((["cpu", "--seconds", "7"], "/debug/pprof/profile?seconds=7"),
                            ([], "/debug/pprof/profile?seconds=30"), (["heap"], "/debug/pprof/heap")):
            self.replies[page] = (200, content)
            done = self.ask("debug", "profile", *words, "-o", self.dir / "profile")
            self.assertEqual(READY, done.returncode, done.stderr)
            self.assertEqual(content, (self.dir / "profile").read_bytes())
            self.assertIn("go tool pprof", done.stderr)

    def test_profile_without_a_name_is_named_after_the_time(self):
        self.replies["/debug/pprof/heap"] = (200, b"x")
        done = subprocess.run([os.environ["TBOT"], "debug", "profile", "heap", "--diag-socket", self.socket],
                              cwd=self.dir, check=False, capture_output=True, text=True, env=clean_environment())
        self.assertEqual(READY, done.returncode, done.stderr)
        name = re.search(r"wrote '(tbot-heap-\d{8}T\d{6}Z\.pb\.gz)'", done.stderr).group(1)
        self.assertEqual(b"x", (self.dir / name).read_bytes())

    def test_profile_that_there_is_none_of(self):
        done = self.ask("debug", "profile")
        self.assertEqual(NOT_READY, done.returncode)
        self.assertIn("--debug", done.stderr)
        self.replies["/debug/pprof/heap"] = (409, b'{"error": "one at a time", "hint": "Wait."}')
        done = self.ask("debug", "profile", "heap")
        self.assertEqual(NOT_READY, done.returncode)
        self.assertRegex(done.stderr, r"one at a time\ntbot: Wait\.\n$")

    def test_what_is_no_agent_is_not_taken_for_one(self):
        self.replies["/status"] = (200, b"<html>It works!</html>")
        done = self.ask("status")
        self.assertEqual(UNREACHABLE, done.returncode)
        self.assertEqual("", done.stdout)

    def test_agent_that_stops_renews_nothing(self):
        self.replies["/renew"] = (409, b'{"error": "the agent is stopping"}')
        done = self.ask("renew")
        self.assertEqual(NOT_READY, done.returncode)
        self.assertIn("the agent is stopping", done.stderr)

    def test_wait_asks_again_where_there_is_no_place_to_wait(self):
        class Full(dict):
            def get(self, path, default=None):
                return (200, b"{}") if len(test.asked) > 2 else (429, b'{"error": "too many wait"}')

        test = self
        self.replies = Full()
        done = self.ask("wait", "--service", "a b", "--for", "serving", "--timeout", "20s")
        self.assertEqual(READY, done.returncode, done.stderr)
        self.assertEqual(3, len(self.asked))
        for path in self.asked:
            self.assertRegex(path, r"^/wait/a%20b\?for=serving&timeout=\d+ms$")

    def test_dump_says_what_is_missing(self):
        self.replies["/status"] = (200, b'{"state": "ok"}')
        done = self.ask("debug", "dump", "-o", self.dir / "d")
        self.assertEqual(READY, done.returncode, done.stderr)
        with tarfile.open(self.dir / "d") as tar:
            self.assertEqual(["tbot-dump/status.json", "tbot-dump/index.txt"], tar.getnames())
            index = tar.extractfile("tbot-dump/index.txt").read().decode()
        self.assertRegex(index, re.compile(r"^metrics\.txt: not there: .*no such page$", re.M))
        self.assertRegex(index, re.compile(r"^threads\.txt: not there: .*--debug$", re.M))
        self.assertRegex(index, re.compile(r"^tbot\.yaml: not there: no -c FILE$", re.M))


if __name__ == "__main__":
    main()
