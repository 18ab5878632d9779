# SPDX-License-Identifier: Apache-2.0
"""tbot test: says whether a start would work, and changes nothing."""

import json
import os
import stat
import subprocess

from harness import Case, impostor, main
from harness.impostor import Impostor
from harness.process import clean_environment


def tree(*roots):
    """Everything that a write, however small, would change: of files, directories and links."""
    paths = [p for root in roots for p in [root, *sorted(root.rglob("*"))]]
    facts = {}
    for path in paths:
        st = path.lstat()
        facts[str(path)] = (st.st_ino, st.st_mode, st.st_uid, st.st_nlink, st.st_size, st.st_mtime_ns,
                            st.st_ctime_ns)
    return facts


class CheckCase(Case):
    def check(self, agent, *args, env=None):
        return self.run_tbot("test", "-c", agent.config, *args, env={**(agent.env or {}), **(env or {})})

    def findings(self, agent, *args, env=None):
        """The JSON document, and the exit code."""
        done = self.check(agent, "--json", *args, env=env)
        self.assertEqual("", done.stderr)
        return json.loads(done.stdout), done.returncode

    def finding(self, document, name, status):
        """The first of that name and status."""
        for found in document["checks"]:
            if found["name"] == name and found["status"] == status:
                return found
        self.fail(f"no {status} {name} in {json.dumps(document, indent=1)}")


class Here(CheckCase):
    """What is looked at on this machine."""

    def setUp(self):
        super().setUp()
        self.cluster = self.authority()

    def private_agent(self, **options):
        agent = self.agent(self.cluster, **options)
        agent.config.chmod(0o600)
        return agent

    def test_good_configuration(self):
        agent = self.private_agent()
        done = self.check(agent)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual("", done.stderr)
        self.assertEqual(f"configuration '{agent.config}' is good: 1 output", done.stdout.splitlines()[-1])
        self.assertNotIn("\033", done.stdout)
        self.assertNotIn(self.cluster.token, done.stdout)

    def test_json_is_one_document(self):
        agent = self.private_agent()
        document, code = self.findings(agent)
        self.assertEqual(0, code)
        self.assertEqual(str(agent.config), document["file"])
        self.assertIs(True, document["ok"])
        for found in document["checks"]:
            self.assertEqual({"name", "subject", "status", "took_ms", "message", "code", "hint"}, set(found))
            self.assertEqual("ok", found["status"])

    def test_all_mistakes_of_a_file_are_told(self):
        agent = self.agent(self.cluster, ttl="soon", extra=["frobnicate: 1"])
        document, code = self.findings(agent)
        self.assertEqual(1, code)
        self.assertIs(False, document["ok"])
        failed = [c for c in document["checks"] if c["status"] == "failed"]
        self.assertEqual(2, len(failed))
        for found in failed:
            self.assertRegex(found["subject"], rf"^{agent.config}:\d+:\d+$")
        self.finding(document, "storage", "not_tried")

    def test_options_count_as_in_start(self):
        agent = self.private_agent(ttl="soon")
        done = self.check(self.private_agent(name="good"), "--data-dir", self.dir / "nowhere/here")
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn(f"{self.dir}/nowhere/here: will be made", done.stdout)
        self.assertEqual(2, self.check(agent, "--frobnicate").returncode)

    def test_standard_input_is_a_file_too(self):
        done = self.run_tbot("test", "-c", "-")
        self.assertEqual(1, done.returncode)
        self.assertIn("<stdin>", done.stdout)

    def test_literal_token_others_can_read_warns(self):
        agent = self.agent(self.cluster)
        agent.config.chmod(0o644)
        done = self.check(agent)
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, "warning +permissions.*token.*mode 0644")
        self.assertRegex(done.stdout, "is good: 1 output, 1 warning$")

    def test_output_that_is_the_storage_fails(self):
        agent = self.private_agent(outputs=[self.dir / "agent-output/../agent-storage"])
        document, code = self.findings(agent)
        self.assertEqual(1, code)
        self.assertIn("overwrite the bot's key", self.finding(document, "clash", "failed")["message"])

    def test_nothing_is_written(self):
        area = self.dir / "area"
        area.mkdir()
        agent = self.private_agent(storage=area / "storage", outputs=[area / "output", area / "new/deep"])
        (area / "storage/.tbot-aaaaaaaa.tmp").write_text("left by a crash")
        (area / "storage/renewal.journal").write_text("torn")
        (area / "output").mkdir()
        (area / "output/.tbot-bbbbbbbb.tmp").write_text("left by a crash")
        before = tree(area, agent.config)
        self.check(agent)
        self.findings(agent)
        self.assertEqual(before, tree(area, agent.config))

    def test_token_is_good_afterwards(self):
        agent = self.private_agent()
        self.assertEqual(0, self.check(agent).returncode)
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)

    def test_beside_a_running_agent(self):
        agent = self.private_agent()
        agent.start()
        agent.wait_generation(1)
        agent.wait_output()
        before = tree(agent.storage, agent.output)
        document, code = self.findings(agent)
        self.assertEqual(0, code)
        self.assertIn(f"in use by a running agent (process {agent.process.pid})",
                      self.finding(document, "storage", "ok")["message"])
        self.assertIn("generation 1", self.finding(document, "identity", "ok")["message"])
        self.assertIn("not needed", self.finding(document, "token", "ok")["message"])
        self.assertEqual(before, tree(agent.storage, agent.output))
        agent.process.must_live()
        agent.renew_now()
        agent.wait_generation(2)

    def test_stored_identity_is_judged(self):
        agent = self.private_agent()
        self.assertEqual(0, agent.oneshot().returncode)
        self.finding(self.findings(agent)[0], "identity", "ok")
        key = agent.storage / "key"
        key.write_bytes(key.read_bytes()[:60])
        document, code = self.findings(agent)
        self.assertEqual(1, code)
        self.assertIn(str(key), self.finding(document, "identity", "failed")["message"])

    def test_expired_identity_warns(self):
        agent = self.private_agent()
        self.cluster.command("expire")
        agent.oneshot()
        document, code = self.findings(agent)
        self.assertEqual(0, code)
        self.assertIn("expired at", self.finding(document, "identity", "warning")["message"])
        self.assertIn("good once", self.finding(document, "token", "warning")["message"])

    def test_storage_of_another_user_is_not_ours(self):
        if os.geteuid() != 0:
            self.skipTest("needs to give a directory away")
        agent = self.private_agent()
        os.chown(agent.storage, 65534, 65534)
        found = self.finding(self.findings(agent)[0], "storage", "warning")
        self.assertIn("65534", found["message"])
        self.assertEqual(0o700, stat.S_IMODE(agent.storage.stat().st_mode))

    def test_colour_only_for_a_terminal_that_wants_it(self):
        agent = self.private_agent()
        for variables, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                                    ({"TERM": "dumb"}, False)):
            self.assertEqual(coloured, "\033[" in self.on_terminal(agent, variables), variables)

    def on_terminal(self, agent, variables):
        """What a test prints when its standard output is a terminal."""
        mine, theirs = os.openpty()
        argv = [os.environ["TBOT"], "test", "-c", agent.config]
        with os.fdopen(mine, "rb", buffering=0) as terminal:
            done = subprocess.run(argv, env=clean_environment(variables), stdin=subprocess.DEVNULL,
                                  stdout=theirs, timeout=60, check=False)
            os.set_blocking(mine, False)
            text = terminal.read(65536)
            os.close(theirs)
        self.assertEqual(0, done.returncode)
        return text.decode()


class Connect(CheckCase):
    """The way to the cluster."""

    STEPS = ["proxy", "resolve", "tcp", "tls", "certificate", "upgrade", "clock", "route", "ping", "join"]

    def private_agent(self, cluster, **options):
        agent = self.agent(cluster, **options)
        agent.config.chmod(0o600)
        return agent

    def joined(self, **options):
        cluster = self.authority()
        agent = self.private_agent(cluster, **options)
        self.assertEqual(0, agent.oneshot().returncode)
        return cluster, agent

    def connect(self, agent, *args, env=None):
        return self.findings(agent, "--connect", *args, env=env)

    def steps(self, document):
        return [c["name"] for c in document["checks"] if c["name"] in self.STEPS]

    def assert_ends_at(self, step, message, hint, agent, *args):
        """That step fails with this cause and this remedy, and no other; what is behind it is not tried. Returns
        the remedy."""
        document, code = self.connect(agent, *args)
        self.assertEqual(1, code)
        found = self.finding(document, step, "failed")
        self.assertRegex(found["message"], message)
        self.assertRegex(found["hint"], hint)
        self.assertEqual([step], [c["name"] for c in document["checks"] if c["status"] == "failed"])
        behind = self.STEPS[self.STEPS.index(step) + 1:-1]
        for name in behind:
            self.finding(document, name, "not_tried")
        return found["hint"]

    def test_stranger_goes_as_far_as_to_the_join(self):
        cluster = self.authority()
        agent = self.private_agent(cluster)
        document, code = self.connect(agent)
        self.assertEqual(0, code, document)
        self.assertEqual(self.STEPS, self.steps(document))
        for found in document["checks"]:
            self.assertEqual("ok", found["status"], found)
            self.assertEqual(found["name"] in self.STEPS, isinstance(found["took_ms"], int), found)
        self.assertIn("'ca_pins'", self.finding(document, "certificate", "ok")["message"])
        self.assertEqual(0, cluster.joins(), "the token was shown")
        self.assertEqual(0, agent.oneshot().returncode, "the token was used up")

    def test_member_goes_as_itself_and_changes_nothing(self):
        cluster, agent = self.joined()
        before = tree(agent.storage, agent.output, agent.config)
        asked = cluster.requests("GenerateUserCerts")
        document, code = self.connect(agent)
        self.assertEqual(0, code, document)
        self.assertEqual(self.STEPS, self.steps(document))
        self.assertIn("knows bot 'robot'", self.finding(document, "ping", "ok")["message"])
        self.assertIn("not needed", self.finding(document, "join", "ok")["message"])
        self.assertEqual(before, tree(agent.storage, agent.output, agent.config))
        self.assertEqual(asked, cluster.requests("GenerateUserCerts"))
        self.assertEqual(1, cluster.generation())

    def test_through_a_proxy_as_a_stranger_and_as_a_member(self):
        cluster = self.authority()
        agent = self.private_agent(cluster, via="proxy", insecure=False)
        trusting = {"SSL_CERT_FILE": str(cluster.web_ca)}
        document, code = self.connect(agent, env=trusting)
        self.assertEqual(0, code, document)
        self.assertEqual(sorted(self.STEPS), sorted(self.steps(document)))
        self.assertIn("the system's", self.finding(document, "certificate", "ok")["message"])
        self.assertEqual("not needed", self.finding(document, "upgrade", "ok")["message"])
        self.assertEqual(0, cluster.joins())
        agent.env = trusting
        self.assertEqual(0, agent.oneshot().returncode)
        document, code = self.connect(agent)
        self.assertEqual(0, code, document)
        self.assertIn("tls-routing", self.finding(document, "route", "ok")["message"])
        self.assertIn("stored identity", self.finding(document, "certificate", "ok")["message"])

    def test_each_failure_has_its_own_cause_and_remedy(self):
        cluster = self.authority()
        remedies = []

        def ends(step, message, hint, *args, **options):
            agent = self.private_agent(cluster, name=f"agent-{len(remedies)}", **options)
            remedies.append(self.assert_ends_at(step, message, hint, agent, *args))

        ends("resolve", "nowhere.invalid", "host name|name servers", address="nowhere.invalid:3025")
        ends("tcp", "Connection refused", "[Nn]othing listens", address=impostor.refused_address())
        with Impostor() as silent:
            ends("tls", "timed out", "does not answer", "--timeout", "500ms", address=silent.address)
        with Impostor(impostor.plain_http) as web:
            ends("tls", "does not speak TLS", "other than TLS", address=web.address)
        ends("tls", "no application protocol", "ALPN", address=cluster.web_addr)
        ends("certificate", "matches none of the 1 pins", "tctl status", pin="sha256:" + "0" * 64)
        ca, cert, key = impostor.make_certificates(self.dir, -1)
        with Impostor(impostor.tls_with(cert, key)) as late:
            agent = self.private_agent(cluster, name="expired", address=late.address, pin="")
            text = agent.config.read_text()
            agent.config.write_text(text.replace("  ca_pins: ", f"  ca_path: {ca} # "))
            remedies.append(self.assert_ends_at("certificate", "expired at", "clock", agent))
        ca, cert, key = impostor.make_certificates(self.dir, 10)
        with Impostor(impostor.tls_with(cert, key)) as mute:
            agent.config.write_text(text.replace("  ca_pins: ", f"  ca_path: {ca} # ")
                                    .replace(late.address, mute.address))
            remedies.append(self.assert_ends_at("ping", "timed out", "takes connections", agent,
                                                "--timeout", "2s"))
        self.assertEqual(len(remedies), len(set(remedies)), remedies)
        self.assertEqual(0, cluster.joins())

    def test_foreign_certificate_ends_a_member_there(self):
        cluster, agent = self.joined()
        agent.config.write_text(agent.config.read_text().replace("  ca_pins:", "  # ca_pins:"))
        cluster.command("wrong-certificate")
        self.assert_ends_at("certificate", "is not trusted", "ca_pins", agent)

    def test_locked_bot_ends_at_the_ping(self):
        cluster, agent = self.joined()
        cluster.command("lock", cluster.bot)
        document, code = self.connect(agent)
        self.assertEqual(1, code)
        found = self.finding(document, "ping", "failed")
        self.assertEqual("locked", found["code"])
        self.assertIn("tctl get locks", found["hint"])

    def test_clock_that_is_off_is_told_before_it_hurts(self):
        cluster, agent = self.joined()
        cluster.command("clock-skew", 3 * 3600)
        document, code = self.connect(agent)
        self.assertEqual(1, code)
        self.assertRegex(self.finding(document, "clock", "warning")["message"], "(2h59m|3h).* behind")
        found = self.finding(document, "ping", "failed")
        self.assertIn("refuses our certificate", found["message"])
        self.assertIn("clocks of this machine and of the server differ", found["hint"])
        stranger = self.private_agent(cluster, name="stranger", via="proxy")
        document, code = self.connect(stranger)
        self.assertEqual(0, code)
        self.assertIn("NTP", self.finding(document, "clock", "warning")["hint"])

    def test_steps_are_told_as_they_happen(self):
        with Impostor() as silent:
            agent = self.private_agent(self.authority(), address=silent.address)
            process = self.spawn([os.environ["TBOT"], "test", "-c", agent.config, "--connect", "--timeout",
                                  "20s"], "hanging")
            process.wait_text(r"ok +tcp .*connected")
            process.must_live()
            self.assertNotIn("tls", process.text())

    def test_what_start_refuses_is_not_tried(self):
        agent = self.private_agent(self.authority(), address="far.invalid:3025",
                                   env={"HTTPS_PROXY": "http://127.0.0.1:9"})
        document, code = self.connect(agent)
        self.assertEqual(1, code)
        self.assertIn("HTTPS_PROXY", self.finding(document, "environment", "failed")["message"])
        self.finding(document, "connect", "not_tried")
        self.assertEqual([], self.steps(document))

    def test_beside_a_running_agent(self):
        cluster = self.authority()
        agent = self.private_agent(cluster)
        agent.start()
        agent.wait_generation(1)
        agent.wait_output()
        self.assertEqual(0, self.connect(agent)[1])
        agent.process.must_live()
        agent.renew_now()
        agent.wait_generation(2)
        self.assertFalse(cluster.is_locked())


if __name__ == "__main__":
    main()
