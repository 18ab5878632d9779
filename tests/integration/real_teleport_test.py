# SPDX-License-Identifier: Apache-2.0
"""Against a real Teleport cluster: what the development authority only imitates.

Runs where TELEPORT_BIN names a directory with `teleport` and `tctl`; skipped elsewhere.
"""

import os
import pathlib
import shutil
import tempfile
import unittest

from harness import Case, Process, main, pem, run
from harness.service_account import Issuer, put
from harness.agent import STORAGE_FILES, OUR_STORAGE_FILES
from harness.teleport import Teleport


def missing():
    where = os.environ.get("TELEPORT_BIN")
    if not where:
        return "TELEPORT_BIN is not set"
    for program in ("teleport", "tctl"):
        if not os.access(pathlib.Path(where) / program, os.X_OK):
            return f"TELEPORT_BIN has no {program}"
    return None


class Real:
    """The tests; once for each way a proxy can listen."""

    mode = None

    @classmethod
    def setUpClass(cls):
        # One cluster for all tests of a class: it takes seconds to start.
        directory = pathlib.Path(tempfile.mkdtemp(prefix="tbot-"))
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)

        def spawn(argv, name, env):
            process = Process(argv, directory / f"{name}.log", env)
            cls.addClassCleanup(process.kill)
            return process

        cls.cluster = Teleport(spawn, directory, cls.mode)

    def bot(self, via, **options):
        name = f"{via}-{self._testMethodName.split('_')[-1]}"
        self.cluster.add_bot(name)
        env = {"SSL_CERT_FILE": str(self.cluster.web_certificate)} if via == "proxy" else None
        return self.agent(self.cluster, via=via, env=env, insecure=False, interval="2s", name=name, **options)

    def join_renew_restart(self, via):
        agent = self.bot(via)
        agent.start()
        agent.wait_generation(1)
        agent.wait_output()
        agent.wait_generation(3)
        self.assertEqual(0, agent.process.stop())
        before = agent.generation()
        serial = agent.output_serial()
        agent.start()
        agent.wait_generation(before + 1)
        agent.wait_output(other_than=serial)
        self.assertEqual(0, agent.process.stop())
        self.check_files(agent)
        self.check_tctl(agent)

    def check_files(self, agent):
        out = agent.output
        self.assertTrue(agent.output_is_consistent())
        self.assertIn("OK", pem.verify(out / "tlscert", out / "teleport-user-ca.crt"))
        text = pem.ssh_certificate(out / "key-cert.pub")
        self.assertIn("user certificate", text)
        self.assertIn(self.cluster.login, text)
        self.assertLessEqual({p.name for p in agent.storage.iterdir()},
                             STORAGE_FILES | OUR_STORAGE_FILES)

    def check_tctl(self, agent):
        done = self.cluster.tctl_as(agent.output / "identity", "nodes", "ls")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("node", done.stdout)

    def test_renews_and_restarts_through_auth(self):
        self.join_renew_restart("auth")

    def test_renews_and_restarts_through_proxy(self):
        self.join_renew_restart("proxy")

    def test_ssh_config_reaches_node(self):
        ssh = self.need_tool("ssh")
        agent = self.bot("proxy")
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        # The file says port 3022, where a node listens by default; ours listens where there was room.
        done = run([ssh, "-F", agent.output / "ssh_config", "-p", self.cluster.node_port,
                    "-o", "BatchMode=yes", f"{self.cluster.login}@node.example", "echo", "here"],
                   agent.env)
        self.assertEqual("here\n", done.stdout, done.stderr)

    def test_pod_joins_by_its_service_account(self):
        issuer = Issuer(self.dir, ec=False)
        token = self.dir / "token"
        put(token, issuer.token(account="apps:robot"))
        for via in ("auth", "proxy"):
            self.cluster.add_pod_bot(f"{via}-pod", issuer.jwks(), "apps:robot")
            env = {"SSL_CERT_FILE": str(self.cluster.web_certificate), "KUBERNETES_TOKEN_PATH": str(token)}
            agent = self.agent(self.cluster, via=via, env=env, insecure=False, interval="2s", name=via,
                               join_method="kubernetes", storage_lines=["  type: memory"])
            agent.start()
            serial = agent.wait_output()
            agent.process.wait_text("(?s)joined the cluster.*joined the cluster")
            agent.wait_output(other_than=serial)
            self.check_tctl(agent)
            put(token, issuer.token(account="apps:robot", audience="elsewhere"))
            agent.process.wait_text("must say 'audience: example'")
            put(token, issuer.token(account="apps:robot"))
            self.assertEqual(0, agent.process.stop())

    def test_storage_is_handed_back_and_taken_over(self):
        theirs = pathlib.Path(os.environ["TELEPORT_BIN"]) / "tbot"
        if not os.access(theirs, os.X_OK):
            self.skipTest("TELEPORT_BIN has no tbot")
        agent = self.bot("auth", ttl_key="certificate_ttl")  # the name that both know
        for turn, program in enumerate([agent.program, theirs, agent.program, theirs], start=1):
            agent.program = program
            done = agent.oneshot()
            self.assertEqual(0, done.returncode, f"turn {turn} of {program}: {done.stderr}")
            self.assertEqual(turn, agent.generation())


@unittest.skipIf(missing(), missing())
class Multiplex(Real, Case):
    mode = "multiplex"


@unittest.skipIf(missing(), missing())
class Separate(Real, Case):
    mode = "separate"


if __name__ == "__main__":
    main()
