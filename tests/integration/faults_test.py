# SPDX-License-Identifier: Apache-2.0
"""A cluster that goes away, hangs, lies or breaks off: the agent keeps serving, says so, and comes back."""

import os

from harness import Case, main, run, wait_until


class Faults(Case):
    def running(self, **options):
        authority = self.authority(**options.pop("cluster", {}))
        agent = self.agent(authority, **options)
        agent.start()
        agent.wait_output()
        return authority, agent

    def fails_then_recovers(self, *fault):
        """While the fault lasts, nothing changes on disk; when it is gone, the next renewal succeeds."""
        authority, agent = self.running()
        authority.command(*fault)
        before, log = agent.snapshot(), len(agent.process.text())
        agent.renew_now()
        agent.process.wait_text("(?i)warn|error", after=log)
        self.assertEqual(before["tlscert"], agent.snapshot()["tlscert"])
        self.assertTrue(agent.output_is_consistent())
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2, seconds=60)
        self.assertFalse(authority.is_locked())

    def test_connection_refused(self):
        self.fails_then_recovers("refuse")

    def test_foreign_certificate(self):
        self.fails_then_recovers("wrong-certificate")

    def test_unavailable(self):
        self.fails_then_recovers("error", "14", "overloaded", "method", "GenerateUserCerts")

    def test_garbage_instead_of_a_reply(self):
        self.fails_then_recovers("wrong-message", "method", "Ping")

    def test_reply_of_a_renewal_is_lost(self):
        """The cluster has committed a generation that never arrived: never ask again, and say so."""
        authority, agent = self.running()
        authority.command("cut-mid-reply", "method", "renewal", "count", 1)
        agent.renew_now()
        agent.process.wait_text("overtaken", 40)
        self.assertEqual(2, authority.generation())
        self.assertEqual(1, agent.generation())
        for _ in range(3):
            agent.renew_now()
        self.assertTrue(agent.output_is_consistent())
        self.assertFalse(authority.is_locked(), "it asked again with the old generation")
        agent.process.must_live()

    def test_error_reply_that_committed_nothing(self):
        """An error leaves the renewal open; the generation read tells that it may be repeated."""
        authority, agent = self.running()
        authority.command("error", "13", "internal", "method", "renewal", "count", 1)
        agent.renew_now()
        agent.wait_generation(2, seconds=60)
        self.assertFalse(authority.is_locked())

    def test_authority_restarts_with_its_state(self):
        state = self.dir / "authority.state"
        authority, agent = self.running(cluster={"extra": ["--state", state]})
        self.assertTrue(state.exists())
        self.assertTrue(agent.process.alive())

    def test_first_start_fails_for_good_when_refused(self):
        authority = self.authority()
        agent = self.agent(authority, token="not-the-token")
        agent.start()
        self.assertEqual(1, agent.process.wait(30))

    def test_restart_during_an_outage_keeps_running(self):
        authority, agent = self.running()
        self.assertEqual(0, agent.process.stop())
        authority.command("refuse")
        log = len(agent.process.text())
        agent.start()
        agent.process.wait_text("(?i)refused|unavailable", after=log)
        agent.process.must_live()
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2, seconds=60)

    def test_ca_is_learnt_anew_after_a_rotation(self):
        authority, agent = self.running()
        authority.command("rotate")
        agent.renew_now()
        agent.wait_generation(2)


class FullDisk(Case):
    """The storage is a small filesystem of its own, in a mount namespace of the agent's."""

    def in_small_filesystem(self, agent):
        script = 'mount -t tmpfs -o size=256k,mode=0700 none "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, agent.storage]

    def setUp(self):
        super().setUp()
        self.need_tool("unshare")
        self.cluster = self.authority()
        self.subject = self.agent(self.cluster)
        prefix = self.in_small_filesystem(self.subject)
        if run([*prefix, "true"]).returncode:
            self.skipTest("needs mount namespaces")
        self.process = self.spawn([*prefix, self.subject.program, "start", "-c", self.subject.config],
                                  "agent")
        self.subject.process = self.process
        # Seen from outside, through the process.
        root = f"/proc/{self.process.pid}/root"
        wait_until("the filesystem", lambda: os.path.ismount(f"{root}{self.subject.storage}"),
                   still_worth_it=self.process.must_live)
        self.subject.storage = type(self.subject.storage)(f"{root}{self.subject.storage}")

    def fill(self):
        path = self.subject.storage / "fill"
        with open(path, "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                return path

    def test_full_disk_stops_neither_renewal_nor_outputs(self):
        agent = self.subject
        agent.wait_generation(1)
        serial = agent.wait_output()
        filler = self.fill()
        before = agent.snapshot()
        log = len(self.process.text())
        agent.renew_now()
        self.process.wait_text("(?i)no space left", after=log)
        self.assertEqual(before["tlscert"], agent.snapshot()["tlscert"])
        self.process.must_live()
        filler.unlink()
        agent.renew_now()
        agent.wait_generation(2, seconds=60)
        agent.wait_output(other_than=serial)
        self.assertFalse(self.cluster.is_locked())


if __name__ == "__main__":
    main()
