# SPDX-License-Identifier: Apache-2.0
"""systemd is told when the unit is ready, how it is doing, and that it lives; an outage does not make it end the unit."""

import os
import signal
import subprocess

from harness import Case, Manager, main, wait_until


class Told(Case):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.dir / "notify")
        self.addCleanup(self.manager.close)

    def start(self, *args, authority=None, environment=None, **options):
        self.subject = self.agent(authority, env={**self.manager.environment, **(environment or {})}, **options)
        self.subject.start(*args)
        return self.subject

    def wait(self, name, **more):
        return self.manager.wait(name, still_worth_it=self.subject.process.must_live, **more)

    def wait_status(self, pattern):
        return wait_until(f"{pattern!r}, it is {self.manager.status()!r}",
                          lambda: self.manager.status() and pattern in self.manager.status(),
                          still_worth_it=self.subject.process.must_live)

    def assert_not_ready(self):
        self.assertEqual(0, self.manager.count("READY"), self.manager.said)


class Daemon(Told):
    def test_ready_when_it_serves_and_stopping_when_it_stops(self):
        authority = self.authority()
        # Between the join and the output's files there is time to be ready too early.
        authority.command("slow", 500, "method", "GenerateUserCerts", "count", 1)
        agent = self.start(authority=authority)
        self.wait("READY")
        self.assertTrue(agent.output_is_consistent(), "it was ready before its files were there")
        self.wait_status(f"Serving, in touch with auth server '{authority.auth_addr}'")
        self.assertEqual(0, agent.process.stop())
        self.assertEqual("Stopping", self.manager.wait("STOPPING")["STATUS"])
        self.assertEqual(1, self.manager.count("READY"), self.manager.said)
        statuses = [d["STATUS"] for d in self.manager.said if "STATUS" in d]
        self.assertTrue(all(a != b for a, b in zip(statuses, statuses[1:])), statuses)

    def test_more_time_is_asked_for_before_it_is_ready(self):
        authority = self.authority()
        authority.command("hang")
        self.start(authority=authority)
        self.assertEqual("30000000", self.wait("EXTEND_TIMEOUT_USEC")["EXTEND_TIMEOUT_USEC"])
        self.wait_status("Starting; waiting for identity")
        self.assert_not_ready()

    def test_restart_in_an_outage_is_ready_with_what_is_stored(self):
        authority = self.authority()
        agent = self.start(authority=authority)
        self.wait("READY")
        self.assertEqual(0, agent.process.stop())
        self.manager.wait("STOPPING")
        authority.command("refuse")
        before = len(self.manager.listen())
        agent.start()
        self.wait("READY", after=before)
        self.wait_status("Serving what is valid until ")
        self.assertRegex(self.manager.status(), "; (connection|identity-1) is degraded: ")  # whichever was told first
        authority.command("clear")
        self.wait_status("Serving; connection is recovering")

    def test_wait_is_ready_once_it_has_begun_to_retry(self):
        authority = self.authority()
        authority.command("refuse")
        self.start("--startup", "wait", authority=authority)
        self.wait("READY")
        self.subject.process.wait_text("joining failed")
        self.wait_status("Not serving; identity is degraded: ")

    def test_first_start_without_the_cluster_never_was_ready(self):
        authority = self.authority()
        authority.command("refuse")
        self.start("--startup-timeout", "2s", authority=authority)
        self.assertEqual(1, self.subject.process.wait())
        self.manager.wait("STOPPING")
        self.assert_not_ready()

    def test_output_that_cannot_be_written_does_not_hold_the_unit_up(self):
        blocked = self.dir / "blocked"
        blocked.write_text("a file where a directory should be")
        self.start(authority=self.authority(), outputs=[self.dir / "agent-output", blocked])
        self.wait("READY")
        self.wait_status("identity-2 is degraded")

    def test_abstract_socket(self):
        address = f"@tbot-notify-test-{os.getpid()}"
        with Manager(address) as manager:
            agent = self.agent(self.authority(), env=manager.environment)
            agent.start()
            manager.wait("READY", still_worth_it=agent.process.must_live)

    def test_socket_that_cannot_be_used_is_told_of_and_gone_without(self):
        agent = self.start(authority=self.authority(), environment={"NOTIFY_SOCKET": "vsock:2:1234"})
        agent.wait_output()
        self.assertIn("NOTIFY_SOCKET 'vsock:2:1234'", agent.process.text())


class Watchdog(Told):
    def test_gets_signs_of_life_until_the_process_stands_still(self):
        authority = self.authority()
        agent = self.start(authority=authority, environment={"WATCHDOG_USEC": "400000"})
        self.wait("READY")
        before = self.manager.count("WATCHDOG")
        wait_until("signs of life", lambda: self.manager.count("WATCHDOG") > before + 2)
        agent.process.send(signal.SIGSTOP)
        wait_until("it to stand still", lambda: "T (stopped)" in self.state_of(agent))
        heard = self.manager.count("WATCHDOG")
        self.assertRaises(AssertionError, wait_until, "a sign of life",
                          lambda: self.manager.count("WATCHDOG") > heard, seconds=1)
        agent.process.send(signal.SIGCONT)
        wait_until("signs of life", lambda: self.manager.count("WATCHDOG") > heard)
        authority.command("refuse")
        heard = self.manager.count("WATCHDOG")
        wait_until("signs of life in an outage", lambda: self.manager.count("WATCHDOG") > heard + 2)

    def test_of_another_process_gets_none(self):
        self.start(authority=self.authority(), environment={"WATCHDOG_USEC": "400000", "WATCHDOG_PID": "1"})
        self.wait_status("Serving, in touch with")
        self.assertEqual(0, self.manager.count("WATCHDOG"))

    def state_of(self, agent):
        with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as status:
            return status.read()


class OnePass(Told):
    def test_is_ready_when_everything_is_written(self):
        agent = self.agent(self.authority(), env=self.manager.environment)
        self.assertEqual(0, agent.oneshot().returncode)
        order = [name for d in self.manager.listen() for name in d if name in ("READY", "STOPPING")]
        self.assertEqual(["READY", "STOPPING"], order)
        self.assertTrue(agent.output_is_consistent())

    def test_that_failed_never_was_ready(self):
        authority = self.authority()
        authority.command("refuse")
        agent = self.agent(authority, env=self.manager.environment)
        self.assertEqual(1, agent.oneshot().returncode)
        self.manager.wait("STOPPING")
        self.assert_not_ready()


class Systemd(Case):
    """Where this machine is run by it."""

    def test_starts_a_unit_that_notifies(self):
        systemd_run = self.need_tool("systemd-run")
        if not os.path.isdir("/run/systemd/system"):
            self.skipTest("needs a machine that systemd runs")
        agent = self.agent(self.authority())
        unit = f"tbot-test-{os.getpid()}"
        stop = ["systemctl", "stop", unit]
        self.addCleanup(subprocess.run, stop, check=False, capture_output=True)
        # Comes back once the unit is ready, or has failed.
        subprocess.run([systemd_run, f"--unit={unit}", "--service-type=notify", "-p", "WatchdogSec=2",
                        agent.program, "start", "-c", agent.config], check=True, capture_output=True, timeout=60)
        shown = subprocess.run(["systemctl", "show", "-p", "ActiveState,StatusText", unit], check=True, text=True,
                               capture_output=True).stdout
        self.assertIn("ActiveState=active", shown)
        self.assertIn("StatusText=Serving", shown)
        self.assertTrue(agent.output_is_consistent())


if __name__ == "__main__":
    main()
