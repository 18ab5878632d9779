# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment: the next start goes on, the bot is never locked, no reader sees a cut file.

TBOT_KILLS sets how often (./dev soak uses thousands); TBOT_SEED repeats a run.
"""

import os
import random
import time

from harness import Case, main, pem, wait_until
from harness.agent import OUR_STORAGE_FILES, STORAGE_FILES

KILLS = int(os.environ.get("TBOT_KILLS", "6"))
# What the agent says when it must not renew: overtaken, or, where a cluster cannot tell, held.
GIVEN_UP = "nothing is sent any more"
SEED = int(os.environ.get("TBOT_SEED") or random.SystemRandom().randrange(1 << 32))


class Kill(Case):
    def test_killed_while_renewing(self):
        self.kill_while_renewing(17)

    def test_killed_while_renewing_where_the_generation_can_be_read(self):
        self.kill_while_renewing(15)

    def kill_while_renewing(self, version):
        """The reply may be on its way when it dies: an open renewal, which it must not repeat blindly."""
        chance = random.Random(SEED)
        authority = self.authority(version=version)
        agent = self.agent(authority, interval="1s")
        agent.start()
        agent.wait_output()
        for turn in range(KILLS):
            moment = time.monotonic() + chance.uniform(0, 0.05)
            agent.renew_now()
            wait_until("the moment to kill", lambda: time.monotonic() > moment, every=0.001)
            agent.process.kill()
            self.check_output(agent)
            if not self.goes_on(agent, authority):
                self.begin_anew(agent, authority, f"robot-{turn}")
        self.assertEqual(0, agent.process.stop())
        names = {p.name for p in agent.storage.iterdir()}
        self.assertLessEqual(names, STORAGE_FILES | OUR_STORAGE_FILES)

    def goes_on(self, agent, authority):
        """Starts it again; whether it has renewed, or else says that its identity is lost."""
        generation, log = agent.generation(), len(agent.process.text())
        agent.start()
        wait_until(f"the open renewal to be decided (TBOT_SEED={SEED})",
                   lambda: (agent.generation() or 0) > generation
                   or GIVEN_UP in agent.process.text()[log:], 40, agent.process.must_live)
        # Killed between the request and a durable reply, a generation is lost for good if the cluster
        # says so. Whatever it was, the bot stays unlocked.
        self.assertFalse(authority.is_locked(), f"TBOT_SEED={SEED}")
        return GIVEN_UP not in agent.process.text()[log:]

    def begin_anew(self, agent, authority, bot):
        """What a person does then: a new token; before 16.2 a bot joins only once, so of a new bot."""
        self.assertEqual(0, agent.process.stop())
        text, log = agent.config.read_text(), len(agent.process.text())
        fresh = authority.new_bot(bot)
        agent.config.write_text(text.replace(authority.token, fresh))
        authority.token = fresh
        serial = agent.output_serial()
        agent.start()
        agent.process.wait_text("joined the cluster", after=log)
        agent.wait_output(other_than=serial)

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
        while agent.generation() < 4:
            agent.renew_now()
            for _ in range(200):
                text = (agent.output / "identity").read_text()
                self.assertGreaterEqual(len(pem.blocks(text)), 3)


if __name__ == "__main__":
    main()
