# SPDX-License-Identifier: Apache-2.0
"""An outage of the cluster is none of the workloads: what is valid serves, and all is fresh soon after its end."""

import re
import time

from harness import Case, main, pem

# How soon after the cluster's return everything is fresh, while the outage is less than five minutes old.
FRESH_WITHIN_S = 12
# The attempts of one cycle take up to a minute.
CYCLE_S = 90


class Serving(Case):
    """The cluster ends as a program, and comes back as another with the same state and address."""

    def setUp(self):
        super().setUp()
        self.state = ["--state", self.dir / "authority.state"]
        self.cluster = self.authority(extra=self.state)
        self.subject = self.agent(self.cluster)
        self.subject.start()
        self.serial = self.subject.wait_output()

    def stop_cluster(self):
        log = len(self.subject.process.text())
        self.assertEqual(0, self.cluster.process.stop())
        self.subject.process.wait_text(r"\[connection\] lost contact with the cluster", after=log)

    def cluster_returns(self):
        self.cluster = self.authority(
            name="again", extra=[*self.state, "--listen-auth", self.cluster.auth_addr])

    def assert_serving(self):
        """What was there before the outage is there now, whole and valid."""
        agent = self.subject
        agent.process.must_live()
        self.assertEqual(self.serial, agent.output_serial())
        self.assertTrue(agent.output_is_consistent())
        pem.verify(agent.output / "tlscert", agent.output / "teleport-user-ca.crt")

    def assert_fresh_soon(self, generation):
        begin = time.monotonic()
        agent = self.subject
        agent.wait_generation(generation + 1)
        agent.wait_output(other_than=self.serial)
        self.assertLess(time.monotonic() - begin, FRESH_WITHIN_S)
        self.assertFalse(self.cluster.is_locked())

    def test_longer_than_the_attempts_of_a_cycle(self):
        agent = self.subject
        self.stop_cluster()
        log = len(agent.process.text())
        agent.renew_now()
        agent.process.wait_text(r"\[identity-1\] output not renewed: the cluster is away.*"
                                r"valid_until:\S+ next_attempt:\"when the cluster is back\"", after=log)
        agent.process.wait_text("state:stale", CYCLE_S, after=log)
        self.assert_serving()
        outage = agent.process.text()[log:]
        self.assertEqual(1, outage.count("[identity-1]"), "the output did not wait")
        self.assertNotIn("[connection]", outage, "an outage is told of once")
        self.cluster_returns()
        self.assert_fresh_soon(1)
        self.assertRegex(agent.process.text()[log:], r"\[connection\] the cluster is back.* outage:")

    def test_restart_serves_at_once_and_is_fresh_with_the_clusters_return(self):
        agent = self.subject
        self.stop_cluster()
        self.assertEqual(0, agent.process.stop())
        log = len(agent.process.text())
        agent.start()
        agent.process.wait_text(r"\[identity-1\] serving the files of the last run.* valid_until:\S+Z",
                                after=log)
        agent.process.wait_text(r"\[connection\] the cluster is out of reach: .*refused", after=log)
        agent.renew_now()
        agent.process.wait_text(r"\[identity\] renewal failed", after=log)
        self.assert_serving()
        self.cluster_returns()
        self.assert_fresh_soon(1)

    def test_give_up_after_ends_it(self):
        self.assertEqual(0, self.subject.process.stop())
        agent = self.subject
        agent.start("--give-up-after", "2s")
        self.serial = agent.wait_output(other_than=self.serial)
        log = len(agent.process.text())
        self.assertEqual(0, self.cluster.process.stop())
        self.assertEqual(1, agent.process.wait())
        self.assertRegex(agent.process.text()[log:],
                         "(?i)no contact with the cluster for 2s: .*refused.*give_up_after")
        self.assertEqual(self.serial, agent.output_serial())


class FirstStart(Case):
    """No identity, and a cluster that refuses connections."""

    def setUp(self):
        super().setUp()
        self.cluster = self.authority()
        self.cluster.command("refuse")
        self.subject = self.agent(self.cluster)

    def joins_tried(self):
        return len(re.findall(r"\[identity\] joining failed", self.subject.process.text()))

    def assert_ended_with_a_report(self):
        self.assertEqual(1, self.subject.process.wait())
        self.assertRegex(self.subject.process.text(),
                         rf"\[agent\] ended: .*{self.cluster.auth_addr}.*refused.*hint:")

    def test_auto_retries_and_ends_with_a_report(self):
        begin = time.monotonic()
        self.subject.start("--startup-timeout", "3s")
        self.assert_ended_with_a_report()
        self.assertGreaterEqual(time.monotonic() - begin, 3)
        self.assertGreater(self.joins_tried(), 1)
        self.assertIn("startup: wait", self.subject.process.text())

    def test_auto_joins_when_the_cluster_appears_in_time(self):
        self.subject.start()
        self.subject.process.wait_text("joining failed")
        self.cluster.command("clear")
        self.subject.wait_output()

    def test_auto_ends_at_once_when_refused(self):
        self.cluster.command("clear")
        agent = self.agent(self.cluster, name="stranger", token="not-the-token")
        agent.start()
        self.assertEqual(1, agent.process.wait())
        self.assertEqual(1, agent.process.text().count("joining failed"))

    def test_wait_goes_on_and_joins_when_the_cluster_appears(self):
        agent = self.subject
        # Where `auto` would have ended before the second attempt.
        agent.start("--startup", "wait", "--startup-timeout", "1ms")
        agent.process.wait_text("joining failed(?s:.*)joining failed")
        self.cluster.command("clear")
        agent.wait_output()
        self.assertEqual(0, agent.process.stop())

    def test_exit_ends_at_the_first_failure(self):
        self.subject.start("--startup", "exit")
        self.assert_ended_with_a_report()
        self.assertEqual(1, self.joins_tried())

    def test_wait_brings_a_bot_without_storage_through(self):
        agent = self.agent(self.cluster, name="memory", storage_lines=["  type: memory"],
                           extra=["startup: wait"])
        agent.start()
        agent.process.wait_text("joining failed")
        self.cluster.command("clear")
        agent.wait_output()

    def test_settings_that_worked_make_no_first_start(self):
        """The identity is lost, and the file that says that these settings have worked is not."""
        agent = self.subject
        self.cluster.command("clear")
        self.assertEqual(0, agent.oneshot().returncode)
        for path in agent.storage.iterdir():
            if path.name != "path.json":
                path.unlink()
        self.cluster.command("refuse")
        agent.start("--startup-timeout", "1ms")
        agent.process.wait_text("joining failed(?s:.*)joining failed")
        agent.process.must_live()

    def test_oneshot_retries_for_its_timeout(self):
        agent = self.subject
        agent.start("--oneshot", "--oneshot-timeout", "30s")
        agent.process.wait_text("joining failed")
        self.cluster.command("clear")
        self.assertEqual(0, agent.process.wait())
        self.assertTrue(agent.output_is_consistent())

    def test_oneshot_retries_its_outputs_too(self):
        self.cluster.command("clear")
        # Twice, as a call that may be repeated is, on a new connection, within one attempt.
        self.cluster.command("error", "14", "overloaded", "method", "GenerateUserCerts", "count", 2)
        agent = self.subject
        done = agent.oneshot("--oneshot-timeout", "30s")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(1, done.stderr.count("output not renewed"))
        self.assertTrue(agent.output_is_consistent())

    def test_oneshot_without_a_timeout_does_not_retry(self):
        done = self.subject.oneshot()
        self.assertEqual(1, done.returncode)
        self.assertEqual(1, done.stderr.count("joining failed"))


if __name__ == "__main__":
    main()
