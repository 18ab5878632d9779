# SPDX-License-Identifier: Apache-2.0
"""What the agent tells of itself is true, in time, also in an outage and under attack, and gives no secret away."""

import os
import pathlib
import random
import re
import resource
import socket
import subprocess
import tarfile
import threading
import time

from harness import Case, Diag, Watch, main, openmetrics, pem, wait_until
from harness.impostor import refused_address

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


class Running(Case):
    """An agent that serves, asked at its local socket, and at a TCP port on loopback."""

    def setUp(self):
        super().setUp()
        self.cluster = self.authority(extra=["--state", self.dir / "authority.state"])

    def start(self, *args, **options):
        self.subject = self.agent(self.cluster, **options)
        self.port = refused_address()
        self.subject.start("--diag-addr", self.port, *args)
        self.subject.wait_output()
        self.local = Diag(self.subject.storage / "diag.sock")
        self.tcp = Diag(self.port)
        self.wait_code("/readyz", 200)

    def wait_code(self, path, code, seconds=30):
        wait_until(f"{code} at {path}", lambda: self.local.code(path) == code, seconds,
                   self.subject.process.must_live)

    def stop_cluster(self):
        """Its end as a process ends the connection in the same moment."""
        self.assertEqual(0, self.cluster.process.stop())
        return time.time()

    def cluster_returns(self):
        self.cluster = self.authority(name="again", extra=["--state", self.dir / "authority.state",
                                                           "--listen-auth", self.cluster.auth_addr])

    def assert_renews(self, within_s=10):
        """The agent does its job, and this soon."""
        generation = self.subject.generation()
        begin = time.monotonic()
        self.subject.renew_now()
        self.subject.wait_generation(generation + 1)
        self.assertLess(time.monotonic() - begin, within_s)


class Outage(Running):
    """The two questions: in touch and up to date, and can everybody be served?"""

    # Notice comes within 5 s; a check that is refused takes no time.
    NOTICED_S = 6
    # Looks come every 10 s or so while an outage is young; the second success proves its end, 10 s after the first.
    BACK_S = 15

    def assert_alive_throughout(self, watch):
        self.assertEqual([200], watch.codes("/livez"))

    def test_serves_until_the_first_expiry_and_is_not_ready_at_once(self):
        self.cluster.command("ttl", 14)
        self.start(interval="10m")
        ends = min(pem.not_after(self.subject.storage / "tlscert"), pem.not_after(self.subject.output / "tlscert"))
        with Watch(self.local, ["/livez", "/readyz", "/servez"]) as watch:
            lost = self.stop_cluster()
            wait_until("the end of what serves", lambda: watch.last_code("/servez") == 503, 30)
        self.assert_alive_throughout(watch)
        story = watch.story("/readyz")
        self.assertEqual([200, 503], [code for code, _ in story], f"{story}, lost at {lost}")
        self.assertLess(story[1][1] - lost, self.NOTICED_S)
        first = next(look for look in watch.looks["/readyz"] if look.code == 503)
        self.assertRegex(first.text, r'"status": "connection is degraded: .*refused')
        for look in watch.looks["/servez"]:
            # To the second that stands in the certificate.
            allowed = [200] if look.answered < ends else [503] if look.asked > ends else [200, 503]
            self.assertIn(look.code, allowed, f"{look.asked - ends:+.3f} s from the end")
        self.wait_code("/servez/identity-1", 503, 3)  # it may have been issued in the next second

    def test_cluster_that_comes_and_goes_is_believed_once_it_stays(self):
        self.start()
        with Watch(self.local, ["/livez", "/readyz", "/servez"]) as watch:
            wait_until("an answer", lambda: watch.last_code("/readyz"))
            for _ in range(2):
                self.cluster.command("refuse")
                wait_until("it to be noticed", lambda: watch.last_code("/readyz") == 503, self.NOTICED_S)
                self.cluster.command("clear")
                wait_until("it to recover", lambda: watch.last_code("/readyz") == 400, self.BACK_S)
            wait_until("it to be ready", lambda: watch.last_code("/readyz") == 200, self.BACK_S)
        self.assert_alive_throughout(watch)
        self.assertEqual([200], watch.codes("/servez"))
        story = watch.story("/readyz")
        self.assertEqual([200, 503, 400, 503, 400, 200], [code for code, _ in story], story)
        self.assertGreaterEqual(story[-1][1] - story[-2][1], 9.9, "it was believed before it was proven")

    def test_end_is_noticed_as_soon_when_the_identity_has_just_been_renewed(self):
        """The connection of the old identity is given up with it; there must be one whose end tells."""
        self.start(interval="9s", extra=["    credential_ttl: 10m", "    renewal_interval: 5m"])  # the output's own
        self.subject.wait_generation(2)
        lost = self.stop_cluster()
        self.wait_code("/readyz", 503, self.NOTICED_S)
        self.assertLess(time.time() - lost, self.NOTICED_S)

    def test_silence_is_noticed_by_the_next_check(self):
        """No end of the connection tells of it: what does is a call that gets no answer."""
        self.start()
        self.cluster.command("hang")
        self.subject.renew_now()  # looks at once
        self.wait_code("/readyz", 503, 15)
        self.assertEqual("degraded", self.local.json("/readyz")["services"]["connection"]["state"])
        self.assertEqual(200, self.local.code("/servez"))


class Metrics(Running):
    def test_promtool_has_nothing_to_say(self):
        promtool = self.need_tool("promtool")
        self.start()
        text = self.local.ask("/metrics").text
        done = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr), text)

    def test_openmetrics_is_what_it_says(self):
        self.start()
        for _ in range(2):  # the second counts the first
            answer = self.local.ask("/metrics", headers=OPENMETRICS)
        self.assertTrue(answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"))
        families = openmetrics.parse(answer.text)
        self.assertIn("tbot_diag_requests", families)


    def assert_expiries_are_true(self):
        families = openmetrics.parse(self.local.ask("/metrics", headers=OPENMETRICS).text)
        samples = families["tbot_credential_expiry_timestamp_seconds"].samples
        told = {labels["service"]: number for _, labels, number in samples if labels["kind"] == "x509"}
        self.assertEqual({"identity": pem.not_after(self.subject.storage / "tlscert"),
                          "identity-1": pem.not_after(self.subject.output / "tlscert")}, told)
        return told

    def test_expiry_is_what_openssl_reads_in_the_files(self):
        self.start()
        first = self.assert_expiries_are_true()
        serial = self.subject.output_serial()
        self.cluster.command("ttl", 300)
        self.assert_renews()
        self.subject.wait_output(other_than=serial)
        self.assertNotEqual(first, self.assert_expiries_are_true())


class Alerts(Running):
    """What packaging/prometheus offers is right, and speaks of metrics that are there."""

    RULES = pathlib.Path(__file__).parents[2] / "packaging/prometheus/tbot-alerts.yaml"

    def run_promtool(self, *args):
        done = subprocess.run([self.need_tool("promtool"), *args], text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_rules_come_when_they_must_and_only_then(self):
        self.run_promtool("check", "rules", self.RULES)
        self.run_promtool("test", "rules", self.RULES.with_suffix(".test.yaml"))

    def test_rules_ask_for_metrics_that_the_agent_has(self):
        self.start(extra=["    reload: {command: [/bin/true]}"])  # a hook, for its series
        wanted = set(re.findall(r"\b(?:tbot|process)_[a-z_]+\b", self.RULES.read_text()))
        there = set(re.findall(r"^# TYPE (\w+)", self.local.ask("/metrics").text, re.M))
        self.assertGreater(len(wanted), 8)
        self.assertEqual(set(), wanted - there)


class Attack(Running):
    """Whoever reaches the port cannot keep others from their answer, nor the agent from its work."""

    def hold(self, n):
        """So many requests that are begun and go on for ever."""
        held = []
        for _ in range(n):
            client = self.tcp.connect()
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: ")
            held.append(client)
            self.addCleanup(client.close)
        return held

    def assert_answers(self, within_s=2):
        for diag in (self.tcp, self.local):
            begin = time.monotonic()
            self.assertEqual(200, diag.code("/livez"))
            self.assertLess(time.monotonic() - begin, within_s)

    def test_slow_clients_starve_no_probe(self):
        self.start()
        held = self.hold(64)
        for _ in range(3):
            for client in held:
                try:
                    client.send(b"x")
                except OSError:
                    pass  # it had to give way
            self.assert_answers()
        self.assert_renews()

    def test_descriptors_that_run_out_starve_no_probe(self):
        self.start()
        used = len(os.listdir(f"/proc/{self.subject.process.pid}/fd"))
        _, hard = resource.prlimit(self.subject.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.subject.process.pid, resource.RLIMIT_NOFILE, (used + 6, hard))
        self.hold(40)
        self.assert_answers()
        resource.prlimit(self.subject.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assert_answers()
        self.assert_renews()

    def test_malformed_requests_crash_nothing(self):
        self.start()
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        good = b"GET /readyz/identity-1?format=tbot HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain;q=0.5\r\n\r\n"
        with self.subTest(seed=seed):
            for n in range(10_000):
                self.spoil(n, good, dice)
            self.subject.process.must_live()
            self.assert_answers()
            self.assert_renews()

    def spoil(self, n, good, dice):
        """One such request, and a moment for an answer: many get none before their time is over."""
        with self.local.connect() if n % 2 else self.tcp.connect() as client:
            client.settimeout(0.001)
            try:
                client.sendall(mutant(good, dice))
                client.recv(65536)
            except (ConnectionError, TimeoutError):
                pass

    def test_thousand_requests_a_second_delay_no_renewal(self):
        self.start()
        over = threading.Event()
        counts = [0, 0]

        def load(which, diag, path):
            request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            with diag.connect() as client:
                while not over.is_set():
                    client.sendall(request)
                    if not client.recv(65536):
                        raise AssertionError("the server hung up")
                    counts[which] += 1

        threads = [threading.Thread(target=load, args=(0, self.tcp, "/livez"), daemon=True),
                   threading.Thread(target=load, args=(1, self.local, "/servez/identity"), daemon=True)]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            wait_until("the load to be there", lambda: sum(counts) > 500)
            for _ in range(3):
                self.assert_renews(within_s=3)
        finally:
            over.set()
        for thread in threads:
            thread.join()
        rate = sum(counts) / (time.monotonic() - begin)
        if rate < 1000:
            self.skipTest(f"this machine makes {rate:.0f} requests a second")


def mutant(good, dice):
    """A request that is hardly one."""
    kind = dice.randrange(6)
    data = bytearray(good)
    if kind == 0:
        for _ in range(dice.randrange(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
    elif kind == 1:
        del data[dice.randrange(len(data)):]
    elif kind == 2:
        at = dice.randrange(len(data))
        data[at:at] = dice.randbytes(dice.randrange(1, 64))
    elif kind == 3:
        at, length = dice.randrange(len(data)), dice.randrange(1, 32)
        data[at:at + length] = data[at:at + length] * dice.randrange(2, 400)
    elif kind == 4:
        data = bytearray(dice.randbytes(dice.randrange(1, 300)))
    else:
        head = b"PUT /log-level HTTP/1.1\r\nHost: localhost\r\n"
        body = dice.choice([b"Content-Length: %d\r\n\r\n" % dice.choice([-1, 0, 7, 10**9, 10**30]),
                            b"Transfer-Encoding: chunked\r\n\r\n%s\r\n" % dice.randbytes(6).hex().encode(),
                            b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", b"Expect: 100-continue\r\n\r\n"])
        data = bytearray(head + body + dice.randbytes(20))
    return bytes(data)


PATHS = ["/livez", "/healthz", "/readyz", "/readyz/identity", "/readyz?format=tbot", "/servez", "/servez/identity-1",
         "/metrics", "/_metrics", "/_metrics/json", "/_metrics/prometheus", "/status", "/_status", "/log-level", "/wait",
         "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap", "/debug/pprof/threads", "/debug/pprof/profile?seconds=1",
         "/nothing/here"]


class Secrets(Running):
    def setUp(self):
        super().setUp()
        self.tokens = [os.urandom(16).hex() for _ in range(2)]
        self.token_file = self.dir / "diag.tokens"
        self.token_file.write_text(f"reader read {self.tokens[0]}\n")
        self.token_file.chmod(0o600)

    def planted(self):
        """What nobody may read anywhere but in the files made for it: a line of a key is as bad as all of it."""
        found = {self.cluster.token, *self.tokens}
        for directory in (self.subject.storage, self.subject.output):
            for path in directory.rglob("*"):
                if path.is_file() and "PRIVATE KEY" in (text := path.read_text(errors="replace")):
                    block = re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", text, re.S).group(1)
                    found.update(line for line in block.split() if len(line) > 30)
        self.assertGreater(len(found), 2)
        return found

    def what_commands_tell(self):
        dump = self.dir / "dump.tar.gz"
        told = {" ".join(words): self.run_tbot(*words, "-c", self.subject.config).stdout
                for words in (["status"], ["status", "--json"], ["debug", "metrics"], ["debug", "dump", "-o", str(dump)])}
        with tarfile.open(dump) as archive:
            for member in archive:
                told[member.name] = archive.extractfile(member).read().decode(errors="replace")
        self.assertIn("tbot-dump/tbot.yaml", told)
        return told

    def test_none_appears_at_any_endpoint_or_in_the_log(self):
        self.start("--debug", extra=["diag:", f"  tokens: {self.token_file}"])
        planted = self.planted()
        told = {path: self.local.ask(path).text for path in PATHS}
        for token, code in zip(self.tokens, (200, 401)):  # the second one is not on the list
            answer = self.tcp.ask("/status", headers={"Authorization": f"Bearer {token}"})
            self.assertEqual(code, answer.code)
            told[f"/status with a token, {code}"] = answer.text + str(answer.headers)
        self.cluster.command("refuse")
        self.wait_code("/readyz", 503)
        told.update({f"{path} in an outage": self.local.ask(path).text for path in PATHS})
        planted |= self.planted()
        told.update(self.what_commands_tell())
        self.assertEqual(0, self.subject.process.stop())
        told["the log"] = self.subject.process.text()
        self.assertIn("[identity]", told["the log"])
        for where, text in told.items():
            for secret in planted:
                self.assertNotIn(secret, text, where)


if __name__ == "__main__":
    main()
