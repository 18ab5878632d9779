# SPDX-License-Identifier: Apache-2.0
"""Every imitated version, by both ways in: join, renew, and files that openssl accepts."""

from harness import Case, main, pem


class Versions(Case):
    def join_and_renew(self, version, via, suite=None):
        authority = self.authority(version=version, suite=suite)
        agent = self.agent(authority, via=via)
        agent.start()
        agent.wait_generation(1)
        serial = agent.wait_output()
        agent.renew_now()
        agent.wait_generation(2)
        agent.wait_output(other_than=serial)
        pem.verify(agent.output / "tlscert", agent.output / "teleport-user-ca.crt")
        self.assertEqual(0, agent.process.stop())
        self.assertFalse(authority.is_locked())
        self.assertEqual(agent.generation(), authority.generation())
        return agent

    def key_type(self, agent):
        return pem.output_of(["openssl", "pkey", "-in", agent.output / "key", "-noout", "-text"])

    def test_suite_decides_the_kind_of_key(self):
        self.assertIn("2048 bit", self.key_type(self.join_and_renew(17, "auth", "legacy")))

    def test_newer_suite_has_elliptic_keys(self):
        self.assertIn("prime256v1", self.key_type(self.join_and_renew(17, "auth", "balanced-v1")))


def add(version, via):
    def test(self):
        self.join_and_renew(version, via)
    setattr(Versions, f"test_version_{version}_through_{via}", test)


for _version in (15, 16, 17, 18):
    for _via in ("auth", "proxy"):
        add(_version, _via)

if __name__ == "__main__":
    main()
