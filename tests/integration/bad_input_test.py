# SPDX-License-Identifier: Apache-2.0
"""What a person got wrong: each a message with its cause and a remedy, exit 1 (2 for usage, 78 for the configuration), nothing lost."""

import os
import shutil
import socket

from harness import Case, main, run

CONFIG = 78  # EX_CONFIG: a service manager does not try again


class BadInput(Case):
    def assert_refused(self, done, cause, code=1):
        """`cause` is a regular expression; a remedy must stand beside it."""
        self.assertEqual(code, done.returncode, done.stderr)
        self.assertRegex(done.stderr, cause)
        self.assertRegex(done.stderr, "(?i)hint", "no remedy")
        self.assertNotIn("AddressSanitizer", done.stderr)

    def joined(self, **options):
        """An agent with a stored identity, and its authority."""
        authority = self.authority(**options.pop("cluster", {}))
        agent = self.agent(authority, **options)
        done = agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        return authority, agent

    # The first join.

    def test_wrong_token(self):
        agent = self.agent(self.authority(), token="not-the-token")
        done = agent.oneshot()
        self.assert_refused(done, "(?i)token")
        self.assertNotIn("not-the-token", done.stderr, "a secret in the log")
        self.assertFalse((agent.storage / "tlscert").exists())

    def test_wrong_token_through_proxy(self):
        agent = self.agent(self.authority(), via="proxy", token="not-the-token")
        self.assert_refused(agent.oneshot(), "(?i)token")

    def test_token_is_used_up(self):
        authority, _ = self.joined()
        second = self.agent(authority, name="second")
        self.assert_refused(second.oneshot(), "(?i)token")

    def test_token_file_is_missing(self):
        agent = self.agent(self.authority(), token=str(self.dir / "nowhere"))
        self.assert_refused(agent.oneshot(), "nowhere.*[Nn]o such file", CONFIG)

    def test_wrong_pin(self):
        authority = self.authority()
        agent = self.agent(authority, pin="sha256:" + "0" * 64)
        self.assert_refused(agent.oneshot(), "(?i)pin")
        self.assertEqual(0, authority.joins(),
                         "the token was shown to a stranger")

    def test_pin_of_odd_form(self):
        agent = self.agent(self.authority(), pin="md5:1234")
        done = agent.oneshot()
        self.assertEqual(CONFIG, done.returncode)
        self.assertRegex(done.stderr, rf"{agent.config}:\d+:\d+: key 'ca_pins': 'md5:1234'.*tctl status")

    def test_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            address = "127.0.0.1:%d" % s.getsockname()[1]
        agent = self.agent(self.authority(), address=address)
        self.assert_refused(agent.oneshot(), f"{address}.*(?i:connection refused)")

    def test_address_is_not_a_cluster(self):
        """Something listens, and says nothing that makes sense."""
        with socket.create_server(("127.0.0.1", 0)) as s:
            agent = self.agent(self.authority(), address="127.0.0.1:%d" % s.getsockname()[1])
            process = agent.start("--oneshot")
            peer, _ = s.accept()
            with peer:
                peer.recv(1)
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.assertEqual(1, process.wait())
        self.assertRegex(process.text(), "(?i)not tls|tls")

    def test_server_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            address = "127.0.0.1:%d" % s.getsockname()[1]
            done = self.agent(self.authority(), address=address).oneshot()
        self.assert_refused(done, f"{address}.*(?i:timed out|no answer|timeout)")

    def test_host_does_not_exist(self):
        agent = self.agent(self.authority(), address="nowhere.invalid:3025")
        self.assert_refused(agent.oneshot(), "nowhere.invalid")

    def test_proxy_certificate_is_not_trusted(self):
        agent = self.agent(self.authority(), via="proxy", insecure=False)
        self.assert_refused(agent.oneshot(), "(?i)certificate|trust")

    # With a stored identity.

    def test_server_shows_a_foreign_certificate(self):
        authority, agent = self.joined()
        before = agent.snapshot()
        authority.command("wrong-certificate")
        self.assert_refused(agent.oneshot(), "(?i)trust|certificate")
        self.assert_untouched(before, agent)

    def test_bot_is_locked(self):
        authority, agent = self.joined()
        before = agent.snapshot()
        authority.command("lock", authority.bot)
        self.assert_refused(agent.oneshot(), "(?i)locked")
        self.assert_untouched(before, agent)

    def copied(self, version):
        """A storage directory and its copy, of which the first went on."""
        authority, agent = self.joined(cluster={"version": version})
        copy = self.dir / "copy"
        shutil.copytree(agent.storage, copy)
        self.assertEqual(0, agent.oneshot().returncode)
        stale = self.agent(authority, name="stale", storage=copy)
        return authority, stale, stale.snapshot()

    def test_identity_was_overtaken_by_a_copy(self):
        authority, stale, before = self.copied(15)
        self.assert_refused(stale.oneshot(), "(?i)overtaken")
        self.assertFalse(authority.is_locked(), "the copy was presented, and locked the bot")
        self.assert_untouched(before, stale)

    def test_copy_is_refused_where_nothing_warns_of_it(self):
        """From 16.2 the generation that can be read is not this instance's: the cluster notices first."""
        _, stale, before = self.copied(17)
        self.assert_refused(stale.oneshot(), "generation mismatch.*code:locked")
        self.assert_untouched(before, stale)

    def test_stored_identity_has_expired(self):
        authority = self.authority()
        agent = self.agent(authority)
        authority.command("expire")
        agent.oneshot()
        authority.command("clear")
        self.assert_refused(agent.oneshot(), "(?i)expired")

    def test_clock_is_behind(self):
        authority, agent = self.joined()
        before = agent.snapshot()
        authority.command("clock-skew", 3 * 3600)
        self.assert_refused(agent.oneshot(), "certificate expired.*here it is.*clocks .* differ")
        self.assert_untouched(before, agent)

    def test_clock_is_ahead(self):
        authority, agent = self.joined()
        before = agent.snapshot()
        authority.command("clock-skew", -3 * 3600)
        self.assert_refused(agent.oneshot(), "refuses our certificate.*clock")
        self.assert_untouched(before, agent)

    def assert_untouched(self, before, agent):
        """Every file is what it was; a journal may have come to them."""
        after = agent.snapshot()
        self.assertEqual({n: b for n, b in before.items() if n != ".write-test"},
                         {n: after.get(n) for n in before if n != ".write-test"})

    # Storage and files.

    def cut(self, name, keep):
        authority, agent = self.joined()
        path = agent.storage / name
        path.write_bytes(path.read_bytes()[:keep])
        before = agent.snapshot()
        self.assert_refused(agent.oneshot(), name)
        self.assert_untouched(before, agent)
        self.assertEqual(1, authority.generation(), "it asked with a broken identity")

    def test_stored_certificate_is_cut(self):
        self.cut("tlscert", 200)

    def test_stored_key_is_cut(self):
        self.cut("key", 60)

    def test_stored_ssh_certificate_is_cut(self):
        self.cut("key-cert.pub", 100)

    def test_stored_authorities_are_cut(self):
        self.cut("tlscacerts", 300)

    def test_key_of_another_identity(self):
        _, agent = self.joined()
        other = run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"]).stdout
        (agent.storage / "key").write_text(other)
        before = agent.snapshot()
        self.assert_refused(agent.oneshot(), "(?i)key")
        self.assert_untouched(before, agent)

    def test_storage_is_a_file(self):
        authority = self.authority()
        agent = self.agent(authority)
        agent.storage.rmdir()
        agent.storage.write_text("")
        self.assert_refused(agent.oneshot(), f"{agent.storage}.*(?i:not a directory)")
        self.assertEqual(0, authority.generation(), "the token was spent")

    def test_storage_is_not_writable(self):
        if os.geteuid() == 0:
            self.skipTest("root may write anywhere")
        authority = self.authority()
        agent = self.agent(authority)
        agent.storage.chmod(0o500)
        self.addCleanup(agent.storage.chmod, 0o700)
        self.assert_refused(agent.oneshot(), "(?i)permission denied")
        self.assertEqual(0, authority.generation(), "the token was spent")

    def test_storage_is_behind_a_symbolic_link(self):
        authority = self.authority()
        agent = self.agent(authority, storage_lines=["  type: directory", f"  path: {self.dir}/link",
                                                     "  symlinks: secure"])
        (self.dir / "link").symlink_to(agent.storage)
        self.assert_refused(agent.oneshot(), "(?i)symbolic link|symlink")

    # The configuration.

    def test_all_errors_of_a_file_are_shown_at_once(self):
        agent = self.agent(self.authority(), ttl="soon", extra=["frobnicate: 1", "oneshot: maybe"])
        done = agent.oneshot()
        self.assertEqual(CONFIG, done.returncode)
        for key in ("credential_ttl", "frobnicate", "oneshot"):
            self.assertRegex(done.stderr, rf"{agent.config}:\d+:\d+: key '{key}'")

    def test_what_is_not_built_is_refused_by_name(self):
        agent = self.agent(self.authority(), extra=["services:", "  - type: ssh-multiplexer",
                                                    "    destination: /tmp"])
        done = agent.oneshot()
        self.assertEqual(CONFIG, done.returncode)
        self.assertRegex(done.stderr, rf"{agent.config}:\d+.*ssh-multiplexer")

    def test_config_file_is_missing(self):
        done = self.run_tbot("start", "-c", self.dir / "nothing.yaml")
        self.assertEqual(CONFIG, done.returncode)
        self.assertIn("nothing.yaml", done.stderr)

    def test_address_that_the_machine_does_not_have_yet_is_no_mistake_of_the_file(self):
        agent = self.agent(self.authority())
        agent.start("--diag-addr", "192.0.2.7:3001")
        self.assertEqual(1, agent.process.wait(), agent.process.text())

    def test_unknown_option_is_misuse(self):
        done = self.run_tbot("start", "--frobnicate")
        self.assertEqual(2, done.returncode)
        self.assertIn("--frobnicate", done.stderr)

    def test_unknown_command_is_misuse(self):
        done = self.run_tbot("frobnicate")
        self.assertEqual(2, done.returncode)
        self.assertIn("frobnicate", done.stderr)


if __name__ == "__main__":
    main()
