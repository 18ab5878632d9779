# SPDX-License-Identifier: Apache-2.0
"""A cluster that goes away, hangs, lies or breaks off: the agent keeps serving, says so, and comes back."""

import os
import pathlib

from harness import Case, main, run, wait_until


RENEWAL = "renewal"  # the bot's own request, not an output's
GIVEN_UP = "nothing is sent any more"


class Faults(Case):
    def running(self, cluster=None, **options):
        authority = self.authority(**(cluster or {}))
        agent = self.agent(authority, **options)
        agent.start()
        agent.wait_output()
        return authority, agent

    def fails_then_recovers(self, *fault, **options):
        """While the fault lasts, nothing changes on disk; when it is gone, a renewal succeeds."""
        authority, agent = self.running(**options)
        authority.command(*fault)
        authority.command("drop")  # the live connection knows nothing of some faults
        before, log = agent.snapshot(), len(agent.process.text())
        agent.renew_now()
        agent.process.wait_text("renewal failed", after=log)
        self.assertEqual(before["tlscert"], agent.snapshot()["tlscert"])
        wait_until("a consistent output", agent.output_is_consistent)
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2, seconds=60)
        self.assertFalse(authority.is_locked())

    def test_connection_refused(self):
        self.fails_then_recovers("refuse")

    def test_foreign_certificate(self):
        self.fails_then_recovers("wrong-certificate")

    def test_garbage_instead_of_a_reply(self):
        self.fails_then_recovers("wrong-message", "method", "Ping")

    def test_error_reply_where_the_generation_can_be_read(self):
        """An error can have cost a generation; what the cluster shows tells that it did not."""
        self.fails_then_recovers("error", 14, "overloaded", "method", RENEWAL, "count", 1,
                                 cluster={"version": 15})

    def test_error_reply_where_we_are_told_to_retry(self):
        self.fails_then_recovers("error", 14, "overloaded", "method", RENEWAL, "count", 1,
                                 extra=["on_open_renewal: retry"])

    def gives_up_safely(self, version):
        """The cluster has committed a generation that never arrived: never ask again, and say so."""
        authority, agent = self.running(cluster={"version": version})
        authority.command("cut-mid-reply", "method", RENEWAL, "count", 1)
        agent.renew_now()
        agent.process.wait_text(GIVEN_UP, 40)
        self.assertEqual(2, authority.generation())
        self.assertEqual(1, agent.generation())
        for _ in range(3):
            serial = agent.output_serial()
            agent.renew_now()
            agent.wait_output(other_than=serial)
        self.assertFalse(authority.is_locked(), "it asked again with the old generation")
        agent.process.must_live()

    def test_reply_of_a_renewal_is_lost(self):
        self.gives_up_safely(17)

    def test_reply_of_a_renewal_is_lost_where_the_generation_can_be_read(self):
        self.gives_up_safely(15)

    def test_open_renewal_is_found_at_start(self):
        """Killed with a request under way that the cluster never carried out."""
        authority, agent = self.running(cluster={"version": 15})
        authority.command("hang", "method", RENEWAL)
        asked = authority.requests("GenerateUserCerts")
        agent.renew_now()
        # The output's is counted too.
        wait_until("the request", lambda: authority.requests("GenerateUserCerts") >= asked + 2)
        agent.process.kill()
        authority.command("clear")
        agent.start()
        agent.wait_generation(2)
        self.assertFalse(authority.is_locked())

    def test_restart_during_an_outage_keeps_running(self):
        authority, agent = self.running()
        self.assertEqual(0, agent.process.stop())
        authority.command("refuse")
        log = len(agent.process.text())
        agent.start()
        agent.process.wait_text("stored identity loaded", after=log)
        agent.renew_now()
        agent.process.wait_text("(?i)refused|unavailable", after=log)
        agent.process.must_live()
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2, seconds=60)

    def test_authority_restarts_with_its_state(self):
        """What a cluster's restart looks like: the connection dies, the generations are still known."""
        state = self.dir / "authority.state"
        authority, agent = self.running(cluster={"extra": ["--state", state]})
        address = authority.auth_addr
        authority.process.stop()
        again = self.authority(name="again", extra=["--state", state, "--listen-auth", address])
        agent.renew_now()
        agent.wait_generation(2, seconds=60)
        self.assertEqual(2, again.generation())

    def test_ca_is_learnt_anew_after_a_rotation(self):
        authority, agent = self.running()
        old = (agent.output / "teleport-host-ca.crt").read_text()
        for phase in ("init", "update_clients"):
            authority.command("rotate", "all", phase)
        # What an output knows of the cluster may be as old as the bot's present identity.
        for generation in (2, 3):
            serial = agent.output_serial()
            agent.renew_now()
            agent.wait_generation(generation)
            agent.wait_output(other_than=serial)
        self.assertNotEqual(old, (agent.output / "teleport-host-ca.crt").read_text())
        for phase in ("update_servers", "standby"):
            authority.command("rotate", "all", phase)
        generation = agent.generation()
        agent.renew_now()
        agent.wait_generation(generation + 1)

    def test_first_start_fails_for_good_when_refused(self):
        agent = self.agent(self.authority(), token="not-the-token")
        agent.start()
        self.assertEqual(1, agent.process.wait(30))


class FullDisk(Case):
    """The storage is a small filesystem of its own, in a mount namespace of the agent's."""

    def in_small_filesystem(self, agent):
        script = 'mount -t tmpfs -o size=1m,mode=0700 none "$0" && exec "$@"'
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
        self.subject.storage = pathlib.Path(f"{root}{self.subject.storage}")

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
