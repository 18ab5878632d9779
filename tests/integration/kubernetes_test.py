# SPDX-License-Identifier: Apache-2.0
"""In a pod: joining by service account, and a secret as destination."""

from harness import Case, main
from harness.service_account import Issuer, put


class Pod(Case):
    """A service account's token that an authority trusts."""

    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self.dir)
        self.token = self.dir / "token"
        put(self.token, self.issuer.token())

    def cluster(self, issuers=None, **options):
        jwks = self.dir / "jwks.json"
        jwks.write_text(issuers or self.issuer.jwks())
        return self.authority(extra=["--kube-jwks", jwks, "--kube-token", "pods=robot:default:robot"], **options)

    def pod(self, authority, **options):
        storage = options.pop("storage_lines", ["  type: memory"])
        env = {"KUBERNETES_TOKEN_PATH": str(self.token)}
        return self.agent(authority, token="pods", join_method="kubernetes", storage_lines=storage, env=env,
                          **options)


class Join(Pod):
    def test_joins_in_each_form_and_at_both_doors(self):
        for version, doors in ((15, ["auth", "proxy"]), (17, ["auth"]), (18, ["auth", "proxy"])):
            authority = self.cluster(version=version, name=f"authority{version}")
            for via in doors:
                agent = self.pod(authority, via=via, name=f"{via}{version}")
                done = agent.oneshot()
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertTrue(agent.output_is_consistent())

    def test_token_signed_with_rsa_is_taken(self):
        other = Issuer(self.dir, "other", ec=False)
        authority = self.cluster(self.issuer.jwks(other))
        put(self.token, other.token())
        done = self.pod(authority).oneshot()
        self.assertEqual(0, done.returncode, done.stderr)

    def test_each_renewal_is_a_join_with_the_token_of_the_moment(self):
        other = Issuer(self.dir, "other")
        authority = self.cluster(self.issuer.jwks(other))
        agent = self.pod(authority)
        agent.start()
        serial = agent.wait_output()
        put(self.token, self.issuer.token(account="default:stranger"))
        agent.renew_now()
        agent.process.wait_text("state:refused")
        self.assertIn("'allow' rules", agent.process.text())
        put(self.token, other.token())
        agent.renew_now()
        agent.process.wait_text("joined the cluster(.*\n)*.*joined the cluster")
        agent.wait_output(other_than=serial)
        self.assertEqual(3, authority.joins())
        self.assertFalse(authority.is_locked())
        self.assertEqual(0, agent.process.stop())

    def test_outage_leaves_the_identity_in_memory_serving(self):
        authority = self.cluster()
        agent = self.pod(authority)
        agent.start()
        serial = agent.wait_output()
        authority.command("refuse")
        agent.renew_now()
        agent.process.wait_text("joining failed")
        authority.command("clear")
        agent.process.wait_text("joined the cluster(.*\n)*.*joined the cluster")
        agent.renew_now()
        agent.wait_output(other_than=serial)

    def test_token_that_cannot_be_good_is_told_apart(self):
        authority = self.cluster()
        cases = [
            ("", "is empty.*automountServiceAccountToken"),
            ("not-a-token", "is no JWT"),
            (self.issuer.token(age=3600, lives=1800), r"expired at 20\d\d-.*the kubelet replaces a token"),
            (self.issuer.token(audience="https://kubernetes.default.svc"),
             "for 'https://kubernetes.default.svc'.*must say 'audience: example'"),
            (self.issuer.token(lives=7200), "good for more than 30 minutes.*expirationSeconds"),
            (self.issuer.token(pod=False), "not bound to a pod"),
            (Issuer(self.dir, "forger").token(), "not signed by a key of the set"),
        ]
        agent = self.pod(authority)
        for token, wanted in cases:
            put(self.token, token)
            done = agent.oneshot()
            self.assertEqual(1, done.returncode, token)
            self.assertRegex(done.stderr.lower().replace("\n", " "), wanted.lower())
            self.assertNotIn(token[:20] or "eyJ", done.stderr)
        self.token.unlink()
        done = agent.oneshot()
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, f"{self.token}.*No such file")

    def test_stored_identity_serves_a_start_without_the_cluster(self):
        authority = self.cluster()
        agent = self.pod(authority, storage_lines=["  type: directory", f"  path: {self.dir}/kept"])
        self.assertEqual(0, agent.oneshot().returncode)
        authority.command("refuse")
        before = agent.output_serial()
        agent.start()
        agent.process.wait_text("stored identity loaded")
        authority.command("clear")
        agent.wait_output(other_than=before)

    def test_check_tells_what_the_token_says_of_itself(self):
        authority = self.cluster()
        agent = self.pod(authority)
        done = self.run_tbot("test", "-c", agent.config, env=agent.env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "of 'system:serviceaccount:default:robot', for 'example', valid until")
        put(self.token, self.issuer.token(age=3600))
        done = self.run_tbot("test", "-c", agent.config, env=agent.env)
        self.assertRegex(done.stdout, "expired at")
        self.token.unlink()
        done = self.run_tbot("test", "-c", agent.config, env=agent.env)
        self.assertEqual(1, done.returncode, done.stdout)


if __name__ == "__main__":
    main()
