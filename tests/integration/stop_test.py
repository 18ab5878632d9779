# SPDX-License-Identifier: Apache-2.0
"""Stopping: at once when nothing is at stake, after the reply when it is, and always when asked twice."""

import fcntl
import signal
import time

from harness import Case, main, wait_until

# Of the ten that a reply is waited for: who is done within these, on a slow machine too, has waited for none.
AT_ONCE_S = 8


class Stop(Case):
    def seconds_to_stop(self, agent, signum=signal.SIGTERM):
        begin = time.monotonic()
        agent.process.send(signum)
        self.assertEqual(0, agent.process.wait(), agent.process.text())
        return time.monotonic() - begin

    def running(self, **options):
        authority = self.authority()
        agent = self.agent(authority, **options)
        agent.start()
        agent.wait_output()
        return authority, agent

    def test_sigterm_stops_at_once(self):
        self.assertLess(self.seconds_to_stop(self.running()[1]), AT_ONCE_S)

    def test_sigint_stops_at_once(self):
        self.assertLess(self.seconds_to_stop(self.running()[1], signal.SIGINT), AT_ONCE_S)

    def test_leaves_neither_socket_nor_lock_behind(self):
        _, agent = self.running()
        socket, lock = agent.storage / "diag.sock", agent.storage / "lock"
        self.assertTrue(socket.is_socket())
        with open(lock) as held:
            self.assertRaises(BlockingIOError, fcntl.flock, held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.seconds_to_stop(agent)
        self.assertFalse(socket.exists())
        with open(lock) as free:
            fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_stops_while_the_cluster_is_away(self):
        authority, agent = self.running(interval="1s")
        authority.command("refuse")
        before = len(agent.process.text())
        agent.process.wait_text("refused|unavailable", after=before)
        self.assertLess(self.seconds_to_stop(agent), AT_ONCE_S)

    def test_waits_for_the_reply_to_a_renewal(self):
        authority, agent = self.running()
        authority.command("slow", 2000, "method", "GenerateUserCerts")
        agent.renew_now()
        wait_until("the renewal to be asked for", lambda: authority.generation() == 2)
        taken = self.seconds_to_stop(agent)
        self.assertEqual(2, agent.generation(), "the reply was thrown away")
        self.assertLess(taken, AT_ONCE_S)

    def stop_while_joining(self, version, method, **options):
        authority = self.authority(version=version)
        agent = self.agent(authority, **options)
        authority.command("slow", 2000, "method", method)
        agent.start()
        wait_until("the join to be asked for", lambda: authority.joins() == 1)
        taken = self.seconds_to_stop(agent)
        self.assertEqual(1, agent.generation(), "the token was thrown away")
        self.assertLess(taken, AT_ONCE_S)

    def test_waits_for_the_reply_to_a_join(self):
        self.stop_while_joining(17, "RegisterUsingToken")

    def test_waits_for_the_reply_to_a_join_of_an_old_cluster(self):
        self.stop_while_joining(15, "register")

    def test_waits_for_the_reply_to_a_join_by_stream(self):
        self.stop_while_joining(18, "Join")

    def test_does_not_wait_for_a_join_that_was_not_asked_for(self):
        authority = self.authority()
        authority.command("hang")
        agent = self.agent(authority)
        agent.start()
        agent.process.wait_text("joining")
        self.assertLess(self.seconds_to_stop(agent), AT_ONCE_S)

    def test_does_not_wait_for_ever(self):
        authority, agent = self.running()
        authority.command("hang", "method", "GenerateUserCerts")
        asked = authority.requests("GenerateUserCerts")
        agent.renew_now()
        wait_until("the renewal to be asked for",
                   lambda: authority.requests("GenerateUserCerts") > asked)
        self.seconds_to_stop(agent)

    def test_second_signal_forces(self):
        authority, agent = self.running()
        authority.command("hang", "method", "GenerateUserCerts")
        asked = authority.requests("GenerateUserCerts")
        agent.renew_now()
        wait_until("the renewal to be asked for",
                   lambda: authority.requests("GenerateUserCerts") > asked)
        before = len(agent.process.text())
        agent.process.send(signal.SIGTERM)
        agent.process.wait_text("stop", after=before)
        agent.process.send(signal.SIGTERM)
        self.assertEqual(1, agent.process.wait())
        self.assertRegex(agent.process.text(), "stopped without waiting.*hint:.*new token")


if __name__ == "__main__":
    main()
