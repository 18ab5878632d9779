# SPDX-License-Identifier: Apache-2.0
"""The files of an identity output and of the storage directory: names, modes, content, trust."""

import collections
import json
import os
import re
import stat
import sys

from harness import Case, main, pem, wait_until
from harness.agent import OUR_STORAGE_FILES, STORAGE_FILES

OUTPUT_FILES = {"key", "key.pub", "key-cert.pub", "tlscert", "identity", ".write-test",
                "teleport-host-ca.crt", "teleport-user-ca.crt", "teleport-database-ca.crt",
                "known_hosts", "ssh_config", "example.known_hosts", "example.ssh_config"}


class Files(Case):
    def setUp(self):
        super().setUp()
        self.agent = self.agent(self.authority(), via="proxy")
        done = self.agent.oneshot()
        self.assertEqual(0, done.returncode, done.stderr)
        self.out = self.agent.output

    def test_output_has_every_file_and_no_other(self):
        self.assertEqual(OUTPUT_FILES, {p.name for p in self.out.iterdir()})

    def test_storage_can_be_handed_back(self):
        names = {p.name for p in self.agent.storage.iterdir()}
        self.assertLessEqual(names, STORAGE_FILES | OUR_STORAGE_FILES)
        self.assertLessEqual(STORAGE_FILES - {"sshcert"}, names)
        for name in ("tlscacerts", "sshcacerts"):
            parts = (self.agent.storage / name).read_text().split("$")
            self.assertTrue(all(part.strip() for part in parts), name)
        self.assertRegex((self.agent.storage / "tokenhash").read_text(), r"\A[0-9a-f]{64}\Z")

    def test_nobody_else_may_read_them(self):
        for path in [*self.out.iterdir(), *self.agent.storage.iterdir()]:
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode), path)

    def test_openssl_trusts_the_certificate(self):
        pem.verify(self.out / "tlscert", self.out / "teleport-user-ca.crt")
        self.assertEqual(pem.public_key_of_key(self.out / "key"),
                         pem.public_key_of_cert(self.out / "tlscert"))

    def test_output_is_no_bot_identity(self):
        oids = dict(pem.subject(self.out / "tlscert"))
        self.assertNotIn(pem.OID_RENEWABLE, oids)
        self.assertNotIn(pem.OID_GENERATION, oids)
        self.assertEqual("bot-robot", oids[pem.OID_IMPERSONATOR])

    def test_ssh_keygen_reads_the_certificate(self):
        self.need_tool("ssh-keygen")
        text = pem.ssh_certificate(self.out / "key-cert.pub")
        self.assertIn("user certificate", text)
        public = pem.output_of(["ssh-keygen", "-l", "-f", self.out / "key.pub"]).split()[1]
        self.assertIn(public, text)

    def test_ssh_keygen_reads_the_private_key(self):
        self.need_tool("ssh-keygen")
        public = pem.output_of(["ssh-keygen", "-y", "-f", self.out / "key"]).split()[:2]
        self.assertEqual((self.out / "key.pub").read_text().split()[:2], public)

    def test_identity_file_has_its_blocks_in_order(self):
        text = (self.out / "identity").read_text()
        blocks = pem.blocks(text)
        self.assertIn("PRIVATE KEY", blocks[0][0])
        self.assertEqual({"CERTIFICATE"}, {kind for kind, _ in blocks[1:]})
        self.assertEqual((self.out / "tlscert").read_text().strip(), blocks[1][1].strip())
        self.assertIn((self.out / "key-cert.pub").read_text().strip(), text)
        self.assertRegex(text, r"(?m)^@cert-authority example,\*\.example ")

    def test_known_hosts_and_ssh_config_name_the_cluster(self):
        self.assertRegex((self.out / "known_hosts").read_text(),
                         r"(?m)\A@cert-authority \S+,example,\*\.example \S+ \S+ type=host$")
        config = (self.out / "ssh_config").read_text()
        self.assertRegex(config, r"(?m)^Host \*\.example ")
        self.assertRegex(config, r"ProxyCommand .*ssh-proxy-command .*--cluster='?example")
        self.assertTrue(re.search(r"IdentityFile \"(\S+)\"", config).group(1).startswith("/"))

    def test_ssh_accepts_the_config(self):
        ssh = self.need_tool("ssh")
        text = pem.output_of([ssh, "-F", self.out / "ssh_config", "-G", "robot@node.example"])
        self.assertIn(f"certificatefile {self.out}/key-cert.pub", text)
        self.assertIn("proxycommand ", text)


class Cache(Case):
    def test_copy_of_an_output_in_memory_lives_as_long_as_it_is_configured(self):
        cached = ("services:", "  - type: identity", "    name: web",
                  "    destination: {type: memory, cache: yes}")
        authority = self.authority()
        agent = self.agent(authority, extra=cached)
        copy = agent.storage / "cache" / "web"
        for _ in range(2):
            done = agent.oneshot()
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(pem.public_key_of_key(copy / "key"), pem.public_key_of_cert(copy / "tlscert"))
        for path in copy.rglob("*"):
            self.assertEqual(0o700 if path.is_dir() else 0o600, stat.S_IMODE(path.stat().st_mode), path)
        authority.process.stop()
        agent.start()
        agent.process.wait_text(r"\[web\] serving the files of the last run")
        agent.process.stop()
        agent.config.write_text(agent.config.read_text().replace("cache: yes", "cache: no"))
        done = agent.oneshot()
        self.assertIn("the copy of output 'web' is removed from the storage", done.stderr)
        self.assertFalse(copy.exists())


RENEWALS = int(os.environ.get("TBOT_RENEWALS", "30"))
READERS = 3


class BusyReaders(Case):
    """What a reader may rely on that looks while files change: see docs/outputs.md."""

    def read_while_renewing(self, how, directory, renew, renewals=RENEWALS):
        readers = [self.spawn([sys.executable, "-m", "harness.busy_reader", how, directory],
                              f"reader-{n}", {"PYTHONPATH": os.environ["PYTHONPATH"]})
                   for n in range(READERS)]
        for n in range(renewals):
            renew(n)
        counts = collections.Counter()
        for reader in readers:
            self.assertEqual(0, reader.stop(), reader.text())
            counts.update(json.loads(reader.text()))
        print(f"{how}: {READERS} readers, {renewals} renewals: {json.dumps(counts)}", file=sys.stderr)
        self.assertGreater(counts["pairs"], 10 * renewals)
        for none in ("cut", "missing", "wrong_for_long", "identity_cut", "identity_mixed"):
            self.assertEqual(0, counts[none], none)
        return counts

    def start(self, *destination_lines):
        agent = self.agent(self.authority(suite="balanced-v1"), destination_lines=destination_lines)
        agent.start()
        agent.wait_output()
        return agent

    def renewer(self, agent):
        def renew(_):
            log = len(agent.process.text())
            agent.renew_now()
            agent.process.wait_text("output renewed", after=log)
        return renew

    def test_files_are_never_cut_and_reading_again_is_right(self):
        agent = self.start()
        self.read_while_renewing("names", agent.output, self.renewer(agent))
        self.assertTrue(agent.output_is_consistent())

    def test_generation_opened_once_is_never_mixed(self):
        agent = self.start("atomic: symlink")
        counts = self.read_while_renewing("generation", agent.output, self.renewer(agent))
        self.assertEqual(0, counts["mixed"])
        self.assertTrue(agent.output_is_consistent())
        kept = [p for p in agent.output.iterdir() if p.name.startswith("..2")]
        self.assertEqual(2, len(kept), kept)

    def test_generation_has_every_file_and_no_other(self):
        agent = self.start("atomic: symlink")
        generation = agent.output / os.readlink(agent.output / "..data")
        self.assertEqual(OUTPUT_FILES - {".write-test"}, {p.name for p in generation.iterdir()})
        self.assertEqual(OUTPUT_FILES | {"..data", generation.name},
                         {p.name for p in agent.output.iterdir()})
        self.assertEqual(0o700, stat.S_IMODE(generation.stat().st_mode))
        for path in generation.iterdir():
            self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode), path)

    def test_turning_generations_on_and_off_is_not_noticed(self):
        agent = self.start()
        plain = agent.config.read_text()
        path = f"      path: {agent.output}\n"
        links = plain.replace(path, path + "      atomic: symlink\n")

        def restart(n):
            before = (agent.output / "tlscert").read_bytes()
            self.assertEqual(0, agent.process.stop())
            agent.config.write_text(plain if n % 2 else links)
            agent.start()
            wait_until("a fresh certificate", lambda: (agent.output / "tlscert").read_bytes() != before,
                       still_worth_it=agent.process.must_live)
            self.assertEqual(n % 2 == 0, (agent.output / "key").is_symlink())
        self.read_while_renewing("names", agent.output, restart, renewals=6)
        self.assertEqual(OUTPUT_FILES, {p.name for p in agent.output.iterdir()})

    def test_error_names_the_place_once(self):
        agent = self.start()
        (agent.output / "tlscert").unlink()
        (agent.output / "tlscert").mkdir()
        agent.renew_now()
        line = agent.process.wait_text(".*output not renewed.*").group()
        error = line.replace(f"directory '{agent.output}'", "")
        self.assertEqual(1, error.count(str(agent.output)), line)


if __name__ == "__main__":
    main()
