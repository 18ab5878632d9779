# SPDX-License-Identifier: Apache-2.0
"""Killed at any moment: the next start goes on, the bot is never locked, no reader sees a cut file.

TBOT_KILLS sets how often (./dev soak uses thousands); TBOT_SEED repeats a run, as far as the moments go.
"""

import collections
import concurrent.futures
import os
import random
import shutil
import time

from harness import Case, main, pem, wait_until
from harness.agent import OUR_STORAGE_FILES, STORAGE_FILES

KILLS = int(os.environ.get("TBOT_KILLS", "100"))
# Version 15 wants RSA keys: dear, and an open renewal takes its time there.
KILLS_15 = KILLS * 15 // 100
SEED = int(os.environ.get("TBOT_SEED") or random.SystemRandom().randrange(1 << 32))
# They mostly wait, so many of them fit on a machine.
ROBOTS = 10
# What stays of a renewal while nobody knows its outcome.
OPEN_FILES = {"renewal.journal", "renewal.reserve"}
# What the agent says of an open renewal when it starts, and when it must not renew: overtaken, or, where
# a cluster cannot tell, held.
NOT_KNOWN = "the outcome of a renewal is not known"
GIVEN_UP = "nothing is sent any more"
RENEWED = "identity renewed"
OUTPUT = "output renewed"


class Robot:
    """A bot with an agent of its own, killed again and again."""

    def __init__(self, case, authority, name, chance):
        self.case, self.authority, self.chance = case, authority, chance
        self.bot, self.token = name, authority.new_bot(name)
        self.agent = case.agent(authority, name=name, interval="1s", token=self.token)
        self.tally = collections.Counter()

    def run(self, kills):
        self.agent.start()
        self.agent.process.wait_text(OUTPUT)
        for turn in range(kills):
            self.kill()
            is_lost = self.start_again()
            if is_lost and turn + 1 < kills:
                self.begin_anew(turn)
        self.case.assertEqual(0, self.agent.process.stop())
        names = {p.name for p in self.agent.storage.iterdir()}
        self.case.assertLessEqual(names, STORAGE_FILES | OUR_STORAGE_FILES | OPEN_FILES)
        return self.tally

    def kill(self):
        """At random in the first moments of a renewal, or of the request in it."""
        after_journal = self.chance.random() < 0.6
        delay = self.chance.uniform(0, 0.02 if after_journal else 0.05)
        journal = self.agent.storage / "renewal.journal"
        self.agent.renew_now()
        if after_journal:
            wait_until("the next request", journal.exists, every=0.0005)
        moment = time.monotonic() + delay
        wait_until("the moment to kill", lambda: time.monotonic() > moment, every=0.0005)
        self.agent.process.kill()
        self.tally["kills"] += 1

    def look(self):
        """What the kill left: is the journal an open one, and how far is the cluster ahead of the files?"""
        journal = self.agent.storage / "renewal.journal"
        lines = journal.read_text().split("\n") if journal.exists() else []
        is_open, is_committed = lines[2:3] == ["open"], lines[2:3] == ["committed"]
        self.case.assertEqual(bool(lines), is_open or is_committed, f"a cut journal: {lines}")
        # A committed journal is the identity, and tells which one it replaces.
        stored = int(lines[4]) + 1 if is_committed else pem.generation(self.agent.storage / "tlscert")
        return is_open, self.authority.generation(self.bot) - stored

    def check_output(self):
        # Killed between two renames, the files may be of two generations; none may be cut.
        for name in ("tlscert", "identity", "key"):
            text = (self.agent.output / name).read_text()
            self.case.assertTrue(pem.blocks(text) and text.endswith("\n"), f"{name} is cut")

    def start_again(self):
        """Whether the identity is lost: its reply was, and only a new token helps."""
        agent, case = self.agent, self.case
        self.check_output()
        is_open, ahead = self.look()
        log = len(agent.process.text())
        agent.start()
        wait_until(f"{self.bot}'s renewal to be decided (TBOT_SEED={SEED})",
                   lambda: any(word in agent.process.text()[log:] for word in (RENEWED, GIVEN_UP)),
                   60, agent.process.must_live, every=0.1)
        said = agent.process.text()[log:]
        is_lost = GIVEN_UP in said
        case.assertFalse(self.authority.is_locked(), f"{self.bot} is locked (TBOT_SEED={SEED}): {said}")
        case.assertEqual(is_open, NOT_KNOWN in said, f"open, and not said, or said and not so: {said}")
        case.assertTrue(is_open or not ahead, f"a reply was lost, and the storage does not know: {said}")
        case.assertTrue(is_lost or not ahead, f"it went on with an old generation: {said}")
        case.assertTrue(is_open or not is_lost, f"nothing was open, and it gave up: {said}")
        if is_lost:  # until it expires it serves, and mends what the kill left of an output
            agent.process.wait_text(OUTPUT, after=log)
            agent.wait_output()
        self.tally.update(open=is_open, lost=is_lost, retried=is_open and not is_lost)
        return is_lost

    def begin_anew(self, turn):
        """What a person does then: a new token; before 16.2 a bot joins only once, so of a new bot."""
        agent, old = self.agent, self.token
        self.case.assertEqual(0, agent.process.stop())
        self.bot = f"{agent.name}-{turn}"
        self.token = self.authority.new_bot(self.bot)
        agent.config.write_text(agent.config.read_text().replace(old, self.token))
        log = len(agent.process.text())
        agent.start()
        agent.process.wait_text("joined the cluster", after=log)
        agent.process.wait_text(OUTPUT, after=log)


class Kill(Case):
    def test_killed_while_renewing(self):
        self.kill_robots(17, KILLS - KILLS_15)

    def test_killed_while_renewing_where_the_generation_can_be_read(self):
        self.kill_robots(15, KILLS_15)

    def kill_robots(self, version, kills):
        authority = self.authority(version=version)
        chance = random.Random(SEED)
        robots = [Robot(self, authority, f"robot-{i}", random.Random(chance.random()))
                  for i in range(ROBOTS)]
        shares = [len(range(i, kills, ROBOTS)) for i in range(ROBOTS)]
        tally = collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(ROBOTS) as threads:
            for of_one in threads.map(Robot.run, robots, shares):
                tally.update(of_one)
        print(f"version {version}: {tally['kills']} kills, {tally['open']} open renewals found: "
              f"{tally['retried']} retried, {tally['lost']} given up")

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

    def test_second_copy_of_a_storage_stops_before_it_locks_the_bot(self):
        """Where the generation can be read: it is, before every renewal."""
        authority = self.authority(version=15)
        first = self.agent(authority)
        first.start()
        first.wait_output()
        self.assertEqual(0, first.process.stop())
        second = self.agent(authority, name="second", output=self.dir / "second-output")
        shutil.copytree(first.storage, second.storage, dirs_exist_ok=True)
        log = len(first.process.text())
        first.start()
        first.process.wait_text("stored identity loaded", after=log)
        first.renew_now()
        first.wait_generation(2)
        second.start()
        second.wait_output()  # what it has is good until it expires
        second.renew_now()
        second.process.wait_text(GIVEN_UP)
        self.assertEqual(1, second.generation())
        first.renew_now()
        first.wait_generation(3)
        self.assertFalse(authority.is_locked())
        second.process.must_live()

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
