# SPDX-License-Identifier: Apache-2.0
"""In a pod: joining by service account, and a secret as destination."""

import signal
import subprocess

from harness import Case, main, pem, wait_until
from harness.kube import Kube, Refusal, busy
from harness.service_account import Issuer, put


class Pod(Case):
    """A service account's token that an authority trusts."""

    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self.dir)
        self.token = self.dir / "volume" / "token"
        self.token.parent.mkdir()
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
        for version, doors in ((15, ["auth"]), (17, ["auth", "proxy"]), (18, ["auth", "proxy"])):
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
        self.assertIn("'token' under 'onboarding' names: it must be there, and its 'allow' rules", agent.process.text())
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
        self.assertEqual(serial, agent.output_serial())
        authority.command("clear")
        agent.renew_now()
        agent.process.wait_text("joined the cluster(.*\n)*.*joined the cluster")
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
        agent.renew_now()
        agent.wait_output(other_than=before)

    def test_identity_of_a_pod_is_replaced_by_a_token_and_never_renewed(self):
        authority = self.cluster(version=17)
        agent = self.pod(authority, storage_lines=["  type: directory", f"  path: {self.dir}/kept"])
        self.assertEqual(0, agent.oneshot().returncode)
        text = agent.config.read_text().replace("join_method: kubernetes", "join_method: token")
        agent.config.write_text(text.replace('"pods"', '"0123456789abcdef"'))  # which nobody knows
        agent.start()
        agent.process.wait_text("state:refused")
        for times in (2, 3):
            agent.renew_now()
            wait_until("another try", lambda n=times: agent.process.text().count("joining failed") >= n)
        self.assertEqual(0, agent.process.stop())
        self.assertNotRegex(agent.process.text(), "state:(open|held|overtaken)")
        self.assertFalse((self.dir / "kept" / "renewal.journal").exists())
        agent.config.write_text(text.replace('"pods"', f'"{authority.token}"'))
        agent.start()
        agent.process.wait_text("joined the cluster")
        agent.renew_now()
        agent.process.wait_text("identity renewed.*generation:2")
        self.assertEqual(0, agent.process.stop())

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


class Secret(Pod):
    """An output that is a secret; one agent, one API server."""

    def setUp(self):
        super().setUp()
        self.kube = Kube(self.dir, self.issuer.token(audience="https://kubernetes.default.svc"))
        self.addCleanup(self.kube.close)
        self.authority_ = self.cluster()
        self.bot = self.writer()

    def writer(self, *destination, **options):
        lines = destination or ["name: web", "labels: {app: web, example.com/made-by: tbot}"]
        agent = self.pod(self.authority_, **options)
        text, _, _ = agent.config.read_text().partition("outputs:")
        agent.config.write_text("\n".join(
            [text + "diag_socket: " + str(self.dir / "diag.sock"), "services:", "  - type: identity",
             "    destination:", "      type: kubernetes_secret",
             f"      service_account_dir: {self.kube.directory}", *(f"      {line}" for line in lines), ""]))
        agent.env = {**agent.env, **self.kube.pod()}
        return agent

    def set_names(self, *names):
        """An output for each secret."""
        head, mark, service = self.bot.config.read_text().partition("  - type: identity")
        self.bot.config.write_text(head + "".join(mark + service.replace("name: web", f"name: {name}")
                                                  for name in names))

    def serial(self, name="web"):
        """Of the certificate in the secret, once all of it fits together; None before."""
        files = {file: self.kube.file(name, file) for file in ("key", "tlscert", "identity")}
        if None in files.values() or files["tlscert"].strip() not in files["identity"]:
            return None
        for file, content in files.items():
            (self.dir / file).write_bytes(content)
        self.assertEqual(pem.public_key_of_key(self.dir / "key"), pem.public_key_of_cert(self.dir / "tlscert"))
        return pem.serial(self.dir / "tlscert")

    def wait_secret(self, other_than=None):
        def fresh():
            serial = self.serial()
            return serial if serial != other_than else None
        return wait_until("a secret", fresh, still_worth_it=self.bot.process and self.bot.process.must_live)

    def fails(self, agent, *wanted, code=1):
        done = agent.oneshot()
        self.assertEqual(code, done.returncode, done.stderr)
        for pattern in wanted:
            self.assertRegex(done.stderr, pattern)
        return done.stderr

    def test_each_cycle_is_one_apply_of_the_whole(self):
        self.bot.start()
        serial = self.wait_secret()
        secret = self.kube.secret("web")
        self.assertEqual("Opaque", secret["type"])
        self.assertEqual({"app": "web", "example.com/made-by": "tbot"}, secret["metadata"]["labels"])
        self.assertIn("teleport-host-ca.crt", secret["data"])
        self.assertNotIn("ssh_config", secret["data"])
        for cycle in (2, 3):
            self.bot.renew_now()
            serial = self.wait_secret(other_than=serial)
            self.assertEqual(cycle, self.kube.applies())
        self.assertEqual(1, self.kube.count("GET"), "read at the start, and not again")
        self.assertEqual(1, self.kube.count("PATCH", dry_run=True))
        self.assertRegex(self.bot.process.text(), "output renewed destination:\"secret 'apps/web'\"")
        self.assertEqual(0, self.bot.process.stop())

    def test_deleted_secret_is_made_again(self):
        self.bot.start()
        serial = self.wait_secret()
        self.kube.delete("web")
        self.bot.renew_now()
        self.wait_secret(other_than=serial)
        self.assertEqual(0, self.bot.process.stop())

    def test_secret_of_the_last_run_serves_without_the_cluster(self):
        self.bot.start()
        self.wait_secret()
        self.assertEqual(0, self.bot.process.stop())
        self.authority_.command("refuse")
        self.bot.start()
        self.bot.process.wait_text("serving the files of the last run.*secret 'apps/web'")

    def test_denial_names_what_is_missing(self):
        for verb in ("get", "create", "patch"):
            self.kube.verbs = {"get", "create", "patch"} - {verb}
            self.fails(self.bot, f"cannot {verb} resource", r"Role of namespace 'apps'.*verbs: \[get, create, patch\]")
            done = self.run_tbot("test", "-c", self.bot.config, env=self.bot.env)
            self.assertEqual(1, done.returncode)
            self.assertIn("verbs: [get, create, patch]", done.stdout)
        self.assertEqual(0, self.kube.applies())
        self.assertEqual(0, self.authority_.joins(), "a first start that cannot write does not begin")

    def test_check_tries_and_writes_nothing(self):
        done = self.run_tbot("test", "-c", self.bot.config, env=self.bot.env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("secret 'apps/web' can be read and written", done.stdout)
        self.assertIsNone(self.kube.secret("web"))

    def test_fields_of_another_manager_are_not_taken(self):
        self.kube.put("web", "helm", {"tlscert": "theirs", "other": "theirs too"})
        self.fails(self.bot, 'conflict with "helm".*.data.tlscert', "Somebody else keeps these fields")
        self.assertEqual(b"theirs", self.kube.file("web", "tlscert"))
        self.kube.delete("web")
        self.kube.put("web", "helm", {"other": "theirs"})
        self.assertEqual(0, self.bot.oneshot().returncode)
        self.assertEqual(b"theirs", self.kube.file("web", "other"))
        # What we have applied before is ours: an edit by hand does not stop the renewals.
        self.kube.put("web", "kubectl-edit", {"tlscert": "by hand"})
        self.assertEqual(0, self.bot.oneshot().returncode)
        self.assertIsNotNone(self.serial())

    def test_what_passes_is_asked_again(self):
        race = Refusal(409, "Conflict", "the object has been modified")
        gone = Refusal(410, "Expired", "the resource version is too old")
        error = Refusal(500, "InternalError", "etcdserver: leader changed")
        for refusals in ([race, race], [gone], [busy(1), error]):
            for refusal in refusals:
                self.kube.fault(refusal, verb="patch")
            done = self.bot.oneshot()
            self.assertEqual(0, done.returncode, done.stderr)
        self.kube.fault(busy(3600), 2)
        self.fails(self.bot, "answers 429")  # at once: nobody waits past the deadline

    def test_what_makes_no_sense_is_an_error(self):
        self.kube.fault("garbage", verb="get")
        self.fails(self.bot, "the secret: not JSON")
        self.kube.fault("huge", verb="get")
        self.fails(self.bot, "the body has more than 3145728 bytes")
        self.kube.fault("drop", 20)
        self.fails(self.bot, "asking the Kubernetes API server.*code:unavailable.*NetworkPolicy")
        (self.kube.directory / "ca.crt").write_bytes(self.authority_.web_ca.read_bytes())
        self.fails(self.bot, "code:untrusted")

    def test_other_secrets_and_namespaces_are_told_apart(self):
        self.kube.put("web", "kubectl", {}, kind="kubernetes.io/tls")
        self.fails(self.bot, "field is immutable", "another type than Opaque")
        self.fails(self.writer("name: web", "namespace: nowhere"), 'namespaces "nowhere" not found',
                   "Make the namespace 'nowhere'")

    def test_token_of_the_service_account_is_read_anew(self):
        self.bot.start()
        serial = self.wait_secret()
        other = self.issuer.token(audience="https://kubernetes.default.svc", account="apps:robot")
        self.kube.tokens = {other}
        self.kube.give(other)
        self.bot.renew_now()
        serial = self.wait_secret(other_than=serial)
        self.kube.fault(Refusal(401, "Unauthorized", "Unauthorized"))  # just replaced
        self.bot.renew_now()
        self.wait_secret(other_than=serial)
        self.assertNotIn("answers 401", self.bot.process.text())
        self.kube.tokens = set()
        self.bot.renew_now()
        self.bot.process.wait_text("answers 401: Unauthorized.*of 'system:serviceaccount:apps:robot'")
        (self.kube.directory / "token").unlink()
        self.bot.renew_now()
        self.bot.process.wait_text("reading the service account's token.*No such file")

    def test_outage_of_kubernetes_leaves_the_secret_serving(self):
        self.bot.start()
        serial = self.wait_secret()
        probe = ["--diag-socket", self.dir / "diag.sock"]
        self.assertEqual(0, self.run_tbot("wait", *probe).returncode)
        self.kube.down()
        self.bot.renew_now()
        self.bot.process.wait_text("output not renewed.*asking the Kubernetes API server")
        self.kube.up()
        self.kube.verbs = {"get"}  # which ends a cycle at once; nobody answering does after five attempts
        wait_until("it to be told", lambda: self.run_tbot("readyz", *probe).returncode == 1)
        self.assertRegex(self.run_tbot("readyz", *probe).stdout, "identity-1")
        self.assertEqual(0, self.run_tbot("readyz", "--for", "serving", *probe).returncode)
        self.assertEqual(0, self.run_tbot("readyz", "identity", *probe).returncode)
        self.assertEqual(serial, self.serial())
        self.kube.verbs = {"get", "patch"}
        self.bot.renew_now()
        self.wait_secret(other_than=serial)
        wait_until("it to be over", lambda: not self.run_tbot("readyz", *probe).stdout.startswith("not ready") or
                   "recovering" in self.run_tbot("readyz", *probe).stdout)

    def test_start_without_kubernetes_goes_on_when_it_is_back(self):
        self.kube.down()
        self.bot.start()
        self.bot.process.wait_text("joined the cluster")
        self.kube.up()
        self.wait_secret()

    def test_start_beside_an_api_server_that_hangs_waits_for_it_once(self):
        self.set_names("one", "two", "three")
        self.kube.hang()
        self.authority_.command("refuse")  # which keeps the outputs from asking on their own
        self.bot.start()
        self.bot.process.wait_text("joining failed")
        self.assertEqual(1, len(self.kube.held))
        self.assertRegex(self.bot.process.text(), "cannot be written now.*secret 'apps/three'")
        self.kube.answer_again()
        self.authority_.command("clear")
        self.bot.renew_now()
        wait_until("all secrets", lambda: all(self.kube.secret(name) for name in ("one", "two", "three")))
        self.assertEqual(0, self.bot.process.stop())

    def test_stop_waits_for_no_reload_that_waits_for_an_api_server(self):
        self.bot.start()
        self.wait_secret()
        self.kube.hang()
        self.set_names("web", "two", "three")
        self.bot.process.send(signal.SIGHUP)
        wait_until("the reload to ask", lambda: self.kube.held)
        self.assertEqual(0, self.bot.process.stop(), self.bot.process.text())

    def test_probes_need_nothing_but_the_socket(self):
        # As the kubelet runs an `exec` probe in an image without a shell: no PATH, no configuration, no network.
        def probe(*words):
            return subprocess.run([self.bot.program, *words, "--diag-socket", str(self.dir / "diag.sock")],
                                  env={}, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

        self.assertEqual(3, probe("readyz").returncode)
        self.assertEqual(4, probe("wait", "--timeout", "100ms").returncode)
        self.kube.fault(Refusal(500, "InternalError", "not yet"), 2)
        self.bot.start()
        self.assertEqual(0, probe("wait", "--for", "serving", "--timeout", "50s").returncode)
        self.assertIsNotNone(self.serial())
        self.assertEqual(0, probe("wait", "--timeout", "50s").returncode)
        self.assertEqual(0, probe("readyz").returncode)

    def test_outside_of_a_pod_is_a_mistake_of_the_configuration(self):
        self.bot.env.pop("KUBERNETES_SERVICE_HOST")
        self.fails(self.bot, "KUBERNETES_SERVICE_HOST is not set", code=78)
        self.assertEqual(0, self.authority_.joins())


if __name__ == "__main__":
    main()
