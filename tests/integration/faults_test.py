# SPDX-License-Identifier: Apache-2.0
"""A cluster that goes away, hangs, lies or breaks off: the agent keeps serving, says so, and comes back."""

import json
import os
import pathlib

from harness import Case, main, pem, run, wait_until


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
        authority.command("drop")  # what is connected already would not notice a fault of connecting
        before, log = agent.snapshot(), len(agent.process.text())
        agent.renew_now()
        agent.process.wait_text(r"\[identity\] renewal failed", after=log)
        self.assertEqual(before["tlscert"], agent.snapshot()["tlscert"])
        agent.wait_output()
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2)
        self.assertFalse(authority.is_locked())

    def test_connection_refused(self):
        self.fails_then_recovers("refuse")

    def test_foreign_certificate(self):
        self.fails_then_recovers("wrong-certificate")

    def test_unavailable(self):
        self.fails_then_recovers("error", "14", "overloaded", "method", "Ping")

    def test_garbage_instead_of_a_reply(self):
        self.fails_then_recovers("wrong-message", "method", "Ping")

    # Once a renewal is written, only a reply closes it. Up to 16.1 the bot's own generation can be read
    # from the cluster, and tells what became of it; later that number speaks of other instances too.

    def asked_without_reply(self, version, *fault, **options):
        authority, agent = self.running(cluster={"version": version}, **options)
        authority.command(*fault, "method", "renewal", "count", 1)
        agent.renew_now()
        agent.process.wait_text(r"\[identity\] renewal failed")
        return authority, agent

    def assert_left_alone(self, authority, agent, generation):
        """It serves what it has, and asks for no renewal whatever a person says.

        One more request would show: the cluster would count it, or lock the bot for it.
        """
        serial = agent.output_serial()
        for _ in range(2):
            agent.renew_now()
            serial = agent.wait_output(other_than=serial)
        self.assertEqual(generation, authority.generation(), "it renewed")
        self.assertEqual(1, agent.generation())
        self.assertFalse(authority.is_locked())
        agent.process.must_live()

    def test_lost_reply_is_found_out_and_never_asked_for_again(self):
        authority, agent = self.asked_without_reply(15, "cut-mid-reply")
        agent.process.wait_text("state:overtaken")
        self.assert_left_alone(authority, agent, 2)

    def test_error_reply_that_committed_nothing_is_found_out(self):
        authority, agent = self.asked_without_reply(15, "error", "13", "internal")
        agent.wait_generation(2)
        self.assertEqual(2, authority.generation())
        self.assertFalse(authority.is_locked())

    def test_open_renewal_is_held_where_the_cluster_cannot_tell(self):
        authority, agent = self.asked_without_reply(17, "error", "13", "internal")
        agent.process.wait_text("state:held.*new token|new token.*state:held")
        self.assert_left_alone(authority, agent, 1)

    def test_open_renewal_is_repeated_where_the_configuration_says_so(self):
        authority, agent = self.asked_without_reply(17, "error", "13", "internal",
                                                    extra=["on_open_renewal: retry"])
        agent.wait_generation(2)
        self.assertFalse(authority.is_locked())

    def test_authority_restarts_with_its_state(self):
        state = ["--state", self.dir / "authority.state"]
        authority, agent = self.running(cluster={"extra": state})
        self.assertEqual(0, authority.process.stop())
        again = self.authority(name="again",
                               extra=[*state, "--listen-auth", authority.auth_addr])
        agent.renew_now()
        agent.wait_generation(2)
        self.assertEqual(2, again.generation())
        self.assertFalse(again.is_locked())

    def test_first_start_fails_for_good_when_refused(self):
        authority = self.authority()
        agent = self.agent(authority, token="not-the-token")
        agent.start()
        self.assertEqual(1, agent.process.wait())

    def test_restart_during_an_outage_keeps_running(self):
        authority, agent = self.running()
        self.assertEqual(0, agent.process.stop())
        authority.command("refuse")
        log = len(agent.process.text())
        agent.start()
        agent.process.wait_text(r"(?i)\[identity-1\].*refused", after=log)
        agent.process.must_live()
        authority.command("clear")
        agent.renew_now()
        agent.wait_generation(2)

    def test_memory_of_the_path_is_kept_and_a_damaged_one_replaced(self):
        _, agent = self.running()
        self.assertEqual(0, agent.process.stop())
        path = agent.storage / "path.json"
        learnt = json.loads(path.read_text())
        self.assertEqual(("auth", "direct", "example"),
                         (learnt["kind"], learnt["route"], learnt["cluster"]))
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.assertNotIn(agent.authority.token, path.read_text())
        before = path.stat().st_ino
        self.assertEqual(0, agent.oneshot().returncode)
        self.assertEqual(before, path.stat().st_ino, "written although nothing was new")
        path.write_text('{"version": 1, "settings": "')
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stderr, "WARN .*path.json.*not JSON")
        self.assertEqual(learnt["proven"], json.loads(path.read_text())["proven"])

    def test_clock_that_differs_is_measured_and_told_of_once(self):
        authority, agent = self.running()
        authority.command("clock-skew", 300)
        agent.renew_now()
        agent.wait_generation(2)
        agent.process.wait_text(r"clock is behind the cluster's.*NTP.*by:(5m|4m59s|5m1s)")
        agent.renew_now()
        agent.wait_generation(3)
        self.assertEqual(1, agent.process.text().count("clock is behind"))

    def test_ca_is_learnt_anew_after_a_rotation(self):
        authority, agent = self.running()
        authority.command("rotate", "user", "init")
        agent.renew_now()
        agent.wait_generation(2)
        agent.renew_now()  # the outputs may have been asked for before the identity was new
        cas = agent.output / "teleport-user-ca.crt"
        wait_until("the new authority", lambda: len(pem.blocks(cas.read_text())) == 2)
        self.assertTrue(agent.process.alive())


class Rotation(Case):
    """The cluster replaces its host CA while the agent cannot see it."""

    def rotated(self, **options):
        authority = self.authority()
        agent = self.agent(authority, **options)
        agent.start()
        agent.wait_output()
        self.assertEqual(0, agent.process.stop())
        for phase in ("init", "update_clients", "update_servers", "standby"):
            authority.command("rotate", "host", phase)
        authority.command("drop")
        return authority, agent

    def again(self, agent, authority, **options):
        """The same machine after somebody has edited its configuration."""
        return self.agent(authority, storage=agent.storage, output=agent.output, **options)

    def former_ca(self, agent):
        return (agent.storage / "tlscacerts").read_text()

    def test_new_pins_heal_it_and_the_renewal_makes_that_last(self):
        authority, agent = self.rotated()
        before = self.former_ca(agent)
        agent = self.again(agent, authority, pin=authority.command("pin").strip(), name="healed")
        agent.start()
        agent.process.wait_text("the cluster has replaced its CAs")
        agent.renew_now()
        agent.wait_generation(2)
        self.assertNotEqual(before, self.former_ca(agent))
        self.assertEqual(0, agent.process.stop())
        self.assertEqual(1, agent.process.text().count("has replaced its CAs"))
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("has replaced its CAs", done.stderr)
        self.assertFalse(authority.is_locked())

    def test_new_ca_file_heals_it_too(self):
        authority, agent = self.rotated()
        trusted = self.dir / "host-ca.pem"
        probe = self.agent(authority, name="probe", token=authority.new_token(),
                           pin=authority.command("pin").strip())
        self.assertEqual(0, probe.oneshot().returncode)
        trusted.write_text((probe.output / "teleport-host-ca.crt").read_text())
        agent = self.again(agent, authority, name="healed")
        text = agent.config.read_text()
        pins = next(line for line in text.splitlines() if "ca_pins" in line)
        agent.config.write_text(text.replace(pins, f"  ca_path: {trusted}"))
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("has replaced its CAs", done.stderr)
        self.assertEqual(2, agent.generation())

    def test_old_pins_do_not(self):
        authority, agent = self.rotated()
        done = agent.oneshot()
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, "code:untrusted.*hint:.*ca_pins")
        self.assertIn(authority.command("pin").strip(), done.stderr, "it does not name the new pin")
        self.assertEqual(1, authority.generation())

    def test_without_pins_it_stays_untrusted_and_says_what_to_set(self):
        authority, agent = self.rotated(via="proxy")
        done = agent.oneshot()
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, "code:untrusted.*hint:.*ca_pins.*ca_path")
        self.assertEqual(1, authority.generation())


class FullDisk(Case):
    """The storage is a small filesystem of its own, in a mount namespace of the agent's."""

    def in_small_filesystem(self, agent, size="1m"):
        script = f'mount -t tmpfs -o size={size},mode=0700 none "$0" && exec "$@"'
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

    def test_first_join_on_a_full_disk_spends_no_token(self):
        self.subject.wait_generation(1)
        late = self.agent(self.cluster, name="late")
        joins = self.cluster.joins()
        done = run([*self.in_small_filesystem(late, "64k"), late.program, "start", "-c", late.config])
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertRegex(done.stderr, "(?i)no space left.*hint:.*disk space")
        self.assertEqual(joins, self.cluster.joins())

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

    def renewed_in_memory_only(self):
        """Somebody takes the reserved space between the request of a renewal and its reply."""
        agent = self.subject
        agent.wait_generation(1)
        agent.wait_output()
        self.cluster.command("slow", 1500, "method", "renewal", "count", 1)
        agent.renew_now()
        wait_until("the request", lambda: (agent.storage / "renewal.journal").exists())
        (agent.storage / "renewal.reserve").unlink()
        filler = self.fill()
        self.process.wait_text("in memory only")
        self.assertEqual(2, self.cluster.generation())
        self.assertEqual(1, agent.generation())
        return filler

    def test_identity_in_memory_only_is_stored_at_the_latest_by_a_stop(self):
        filler = self.renewed_in_memory_only()
        # Seen through a descriptor of the directory: its namespace ends with the process.
        with Opened(self.subject.storage) as storage:
            filler.unlink()
            self.assertEqual(0, self.process.stop())
            self.subject.storage = storage
            self.assertEqual(2, self.subject.generation())

    def test_identity_in_memory_only_is_mourned_when_it_cannot_be_stored(self):
        self.renewed_in_memory_only()
        self.assertEqual(1, self.process.stop())
        self.assertRegex(self.process.text(), "the renewed identity is lost.*new token")


class Opened:
    """A directory that can be read for as long as it is held."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self):
        return pathlib.Path(f"/proc/{os.getpid()}/fd/{self.fd}")

    def __exit__(self, *_):
        os.close(self.fd)


if __name__ == "__main__":
    main()
