# SPDX-License-Identifier: Apache-2.0
"""The main job: join, keep the identity renewed, keep an output fresh, go on after a restart."""

from harness import Case, main


class Join(Case):
    def test_joins_and_writes_an_output(self):
        agent = self.agent(self.authority())
        agent.start()
        agent.wait_generation(1)
        agent.wait_output()

    def test_renews_three_times_then_goes_on_after_a_restart(self):
        authority = self.authority()
        agent = self.agent(authority, interval="1s")
        agent.start()
        first = agent.wait_output()
        agent.wait_generation(4)
        agent.wait_output(other_than=first)
        self.assertEqual(0, agent.process.stop())

        # The token is used up: only the stored identity lets it in again.
        before = agent.generation()
        agent.start()
        agent.wait_generation(before + 1)
        self.assertEqual(1, authority.joins())
        self.assertFalse(authority.is_locked())

    def test_renews_on_signal(self):
        authority = self.authority()
        agent = self.agent(authority, interval="5m")
        agent.start()
        agent.wait_generation(1)
        serial = agent.wait_output()
        agent.renew_now()
        agent.wait_generation(2)
        agent.wait_output(other_than=serial)

    def test_oneshot_joins_then_renews(self):
        authority = self.authority()
        agent = self.agent(authority)
        for turn in (1, 2):
            done = agent.oneshot()
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(turn, agent.generation())
            self.assertTrue(agent.output_is_consistent())

    def test_memory_storage_leaves_nothing_on_disk(self):
        agent = self.agent(self.authority(), storage_lines=["  type: memory"])
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(agent.output_is_consistent())
        self.assertEqual({}, agent.snapshot())

    def test_token_may_be_a_file(self):
        authority = self.authority()
        token = self.dir / "token"
        token.write_text(f"{authority.token}\n")
        done = self.agent(authority, token=str(token)).oneshot()
        self.assertEqual(0, done.returncode, done.stderr)

    def test_outputs_are_renewed_each_on_its_own(self):
        outputs = [self.dir / f"out{i}" for i in range(5)]
        authority = self.authority()
        agent = self.agent(authority, outputs=outputs)
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        for path in outputs:
            agent.output = path
            self.assertTrue(agent.output_is_consistent(), path)

    def test_one_bad_output_does_not_stop_the_others(self):
        good, bad = self.dir / "good", self.dir / "bad"
        bad.write_text("a file where a directory should be")
        agent = self.agent(self.authority(), outputs=[bad, good])
        agent.output = good
        agent.start()
        agent.wait_output()
        agent.process.wait_text(f"output not renewed.*{bad}.*hint")
        bad.unlink()
        agent.renew_now()
        agent.output = bad
        agent.wait_output()

    def test_one_pass_tries_every_output_and_tells_of_each(self):
        bad, good = [self.dir / f"bad{i}" for i in range(2)], self.dir / "good"
        for path in bad:
            path.write_text("")
        agent = self.agent(self.authority(), outputs=[bad[0], good, bad[1]])
        agent.output = good
        done = agent.oneshot()
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertTrue(agent.output_is_consistent())
        for path in bad:
            self.assertRegex(done.stderr, f"ERROR.*output not renewed.*{path}")
        self.assertIn("2 of 3 outputs", done.stderr)

    def test_first_start_without_a_good_output_spends_no_token(self):
        bad = self.dir / "bad"
        bad.write_text("")
        authority = self.authority()
        agent = self.agent(authority, outputs=[bad])
        agent.start()
        self.assertEqual(1, agent.process.wait())
        self.assertRegex(agent.process.text(), f"ERROR.*{bad}.*hint")
        self.assertEqual(0, authority.joins())

    def test_bad_output_keeps_no_stored_identity_from_being_renewed(self):
        authority = self.authority()
        agent = self.agent(authority)
        self.assertEqual(0, agent.oneshot().returncode)
        for path in agent.output.iterdir():
            path.unlink()
        agent.output.rmdir()
        agent.output.write_text("")
        agent.start()
        agent.process.wait_text("output not renewed")
        agent.renew_now()
        agent.wait_generation(2)

    def test_token_that_is_refused_is_told_from_one_that_may_be_gone(self):
        authority = self.authority()
        gone = "the token may have been used up although no answer came"
        refused = self.agent(authority, token="not-the-token", name="refused").oneshot()
        self.assertEqual(1, refused.returncode)
        self.assertIn("code:denied", refused.stderr)
        self.assertNotRegex(refused.stderr, f"{gone}|stays in service|asked again")
        authority.command("cut-mid-reply", "method", "RegisterUsingToken", "count", "1")
        lost = self.agent(authority, name="lost").oneshot()
        self.assertEqual(1, lost.returncode)
        self.assertIn(gone, lost.stderr)

    def test_new_token_that_is_refused_leaves_the_stored_identity_in_service(self):
        authority = self.authority()
        self.assertEqual(0, self.agent(authority).oneshot().returncode)
        agent = self.agent(authority, token="not-the-token")  # the same storage
        for generation in (2, 3):
            agent.start()
            agent.process.wait_text("state:refused")
            agent.wait_output()
            agent.renew_now()
            agent.wait_generation(generation)
            self.assertIn("the token is a new one", agent.process.text())  # also the second time
            self.assertEqual(0, agent.process.stop())
        self.assertEqual(1 + 2, authority.joins(), "shown more than once in a start")


if __name__ == "__main__":
    main()
