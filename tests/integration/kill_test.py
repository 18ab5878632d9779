# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment: the next start goes on, the bot is never locked, no reader sees a cut file.

TBOT_KILLS sets how often (./dev soak uses thousands); TBOT_SEED repeats a run.
"""

import os
import random
import re
import time

from harness import Case, main, pem, wait_until
from harness.agent import OUR_STORAGE_FILES, STORAGE_FILES

KILLS = int(os.environ.get("TBOT_KILLS", "6"))
SEED = int(os.environ.get("TBOT_SEED") or random.SystemRandom().randrange(1 << 32))


class Kill(Case):
    def kill_while_renewing(self, agent, chance):
        """Kills at some moment of a renewal and starts again; returns how the open renewal was decided:
        `None` for going on, or the state in which it is left alone."""
        moment = time.monotonic() + chance.uniform(0, 0.05)
        agent.renew_now()
        wait_until("the moment to kill", lambda: time.monotonic() > moment, every=0.001)
        agent.process.kill()
        self.check_output(agent)
        generation, log = agent.generation(), len(agent.process.text())
        agent.start()

        def decided():
            state = re.search("state:(held|overtaken)", agent.process.text()[log:])
            return state or (agent.generation() or 0) > generation
        found = wait_until("the open renewal to be decided", decided,
                           still_worth_it=agent.process.must_live)
        return None if found is True else found.group(1)

    def test_killed_while_renewing(self):
        """The reply may be on its way when it dies: an open renewal, which it must not repeat blindly."""
        chance = random.Random(SEED)
        authority = self.authority()
        agent = self.agent(authority, interval="1s")
        agent.start()
        agent.wait_output()
        for turn in range(KILLS):
            with self.subTest(seed=SEED, turn=turn):
                state = self.kill_while_renewing(agent, chance)
                self.assertIn(state, (None, "held"), "this version cannot tell")
                self.assertFalse(authority.is_locked())
                if state:
                    self.begin_anew(agent, authority)
        self.assertEqual(0, agent.process.stop())
        names = {p.name for p in agent.storage.iterdir()}
        self.assertLessEqual(names, STORAGE_FILES | OUR_STORAGE_FILES)

    def test_killed_while_renewing_where_the_cluster_can_tell(self):
        """Up to 16.1 the generation read decides: nothing was committed, or a reply was lost."""
        chance = random.Random(SEED)
        authority = self.authority(version=15)
        agent = self.agent(authority, interval="1s")
        agent.start()
        agent.wait_output()
        for turn in range(KILLS // 3):
            with self.subTest(seed=SEED, turn=turn):
                state = self.kill_while_renewing(agent, chance)
                self.assertFalse(authority.is_locked())
                self.assertNotEqual("held", state)
                if state == "overtaken":
                    self.assertEqual(agent.generation() + 1, authority.generation())
                    return

    def begin_anew(self, agent, authority):
        """What a person does then: a new token."""
        self.assertEqual(0, agent.process.stop())
        text = agent.config.read_text()
        fresh = authority.new_token()
        agent.config.write_text(text.replace(authority.token, fresh))
        authority.token = fresh
        agent.start()
        wait_until("the new join", lambda: agent.generation() == authority.generation(), 40,
                   agent.process.must_live)

    def check_output(self, agent):
        # Killed between two renames, the files may be of two generations; none may be cut.
        for name in ("tlscert", "identity", "key"):
            text = (agent.output / name).read_text()
            self.assertTrue(pem.blocks(text), f"{name} is cut")
            self.assertTrue(text.endswith("\n"), f"{name} is cut")

    def test_second_agent_on_the_same_storage_is_refused(self):
        authority = self.authority()
        first = self.agent(authority)
        first.start()
        first.wait_output()
        before = first.snapshot()
        second = self.agent(authority, name="second", storage=first.storage)
        done = second.oneshot()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertRegex(done.stderr, "(?i)another|already|in use|lock")
        self.assertIn(str(first.storage), done.stderr)
        self.assertEqual(before, first.snapshot())
        first.process.must_live()

    def test_reader_never_sees_a_cut_file(self):
        agent = self.agent(self.authority(), interval="1s")
        agent.start()
        agent.wait_output()
        reads = 0
        while agent.generation() < 4:
            agent.renew_now()
            text = (agent.output / "identity").read_text()
            self.assertGreaterEqual(len(pem.blocks(text)), 3)
            reads += 1
        self.assertGreater(reads, 3)


if __name__ == "__main__":
    main()
