# SPDX-License-Identifier: Apache-2.0
"""The files of an identity output and of the storage directory: names, modes, content, trust."""

import re
import stat

from harness import Case, main, pem
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


if __name__ == "__main__":
    main()
