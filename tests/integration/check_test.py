# SPDX-License-Identifier: Apache-2.0
"""tbot test: says whether a start would work, and changes nothing."""

import json
import os
import stat
import subprocess

from harness import Case, main
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


if __name__ == "__main__":
    main()
