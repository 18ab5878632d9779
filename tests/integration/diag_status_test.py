# SPDX-License-Identifier: Apache-2.0
"""What /status and the metrics tell is what other eyes see, and what a request asks for is done."""

import pathlib
import re
import signal
import threading
import time

from harness import Case, Diag, main, pem, wait_until

EXPIRY = "tbot_credential_expiry_timestamp_seconds"
NOT_BEFORE = "tbot_credential_not_before_timestamp_seconds"
RENEWAL = "tbot_credential_renewal_timestamp_seconds"
# A look at the files is at most two seconds old.
LOOK_S = 4


def moment(text):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(text))


class Status(Case):
    def setUp(self):
        super().setUp()
        self.cluster = self.authority(extra=["--state", self.dir / "authority.state"])
        self.subject = self.agent(self.cluster)

    def start(self, more=""):
        config = self.subject.config
        config.write_text(config.read_text() + more)
        self.subject.start()
        self.subject.wait_output()
        self.diag = Diag(self.subject.storage / "diag.sock")
        self.assertEqual(200, self.diag.code("/wait?for=ready&timeout=30s"))

    def services(self):
        return {s["name"]: s for s in self.diag.json("/status")["services"]}

    def credential(self, service, kind="x509"):
        return next(c for c in self.services()[service]["credentials"] if c["kind"] == kind)

    def metric(self, name, **labels):
        text = ",".join(f'{key}="{value}"' for key, value in labels.items())
        found = re.search(rf"^{re.escape(f'{name}{{{text}}}')} (\S+)$", self.diag.ask("/metrics").text, re.M)
        return float(found[1]) if found else None

    def test_credentials_are_those_that_openssl_and_ssh_keygen_see(self):
        self.start()
        for service, directory in (("identity", self.subject.storage), ("identity-1", self.subject.output)):
            file = directory / "tlscert"
            x509 = self.credential(service)
            self.assertEqual(str(file), x509["path"])
            self.assertEqual(pem.serial(file).lower(), f"serial={x509['serial']}")
            self.assertEqual(moment(pem.not_after(file)), x509["not_after"])
            self.assertEqual("same", x509["on_disk"])
            self.assertEqual(pem.not_after(file), self.metric(EXPIRY, service=service, kind="x509"))
            self.assertEqual(pem.not_after(file), self.metric(EXPIRY, service=service, kind="ssh"))
            self.assertLess(self.metric(NOT_BEFORE, service=service, kind="x509"), time.time())
            self.assertLess(self.metric(RENEWAL, service=service, kind="x509"), pem.not_after(file))
            self.assertEqual(0, self.metric("tbot_credential_stale", service=service))
            self.assertIn(self.credential(service, "ssh")["subject"],
                          pem.ssh_certificate(directory / "key-cert.pub"))

    def test_the_rest_is_told_too(self):
        self.start()
        status = self.diag.json("/status")
        self.assertEqual("daemon", status["mode"])
        self.assertEqual(self.subject.process.pid, status["pid"])
        self.assertEqual(self.cluster.auth_addr, status["authority"]["address"])
        self.assertEqual("up", status["authority"]["state"])
        self.assertEqual(self.subject.generation(), status["identity"]["generation"])
        self.assertEqual("fresh", status["identity"]["state"])
        self.assertEqual(str(self.subject.config), status["config"]["path"])
        self.assertNotIn("sha256", status["config"], "the file holds the token")
        self.assertEqual(0, sum(l["waiting"] for l in status["listeners"]))
        self.assertEqual(200, self.diag.code("/_status"))

    def test_it_is_known_what_was_built(self):
        if not (pathlib.Path(__file__).parents[2] / ".git").exists():
            self.skipTest("an archive does not say which revision it is of")
        self.start()
        revision = self.diag.json("/status")["build"]["revision"]
        self.assertEqual(revision, self.diag.json("/_status")["revision"])
        self.assertRegex(self.diag.ask("/metrics").text, rf'(?m)^tbot_build_info\{{.*revision="{re.escape(revision)}"')

    def test_a_file_that_somebody_else_changed_is_told(self):
        self.start()
        self.assertEqual("same", self.credential("identity-1")["on_disk"])
        (self.subject.output / "tlscert").write_text("another\n")
        (self.subject.output / "key-cert.pub").unlink()
        wait_until("another look", lambda: self.credential("identity-1")["on_disk"] == "differs", LOOK_S)
        self.assertEqual("missing", self.credential("identity-1", "ssh")["on_disk"])

    def test_an_outage_is_told(self):
        self.start()
        self.assertEqual(0, self.cluster.process.stop())
        wait_until("notice", lambda: self.diag.code("/_status") == 503, 10, self.subject.process.must_live)
        backend = self.diag.json("/_status")
        self.assertFalse(backend["backend_ok"])
        self.assertIn("refused", backend["backend_error"])
        self.subject.renew_now()
        wait_until("stale", lambda: self.metric("tbot_credential_stale", service="identity-1") == 1, 10)
        status = self.diag.json("/status")
        self.assertEqual("down", status["authority"]["state"])
        self.assertIn("refused", status["authority"]["error"])
        self.assertTrue(self.credential("identity-1")["stale"])
        self.assertEqual(200, self.diag.code("/wait?for=serving"))
        self.assertEqual(504, self.diag.code("/wait?for=ready&timeout=100ms"))

    def test_a_request_renews_everything(self):
        self.start()
        serial, generation = self.subject.output_serial(), self.subject.generation()
        self.assertEqual(202, self.diag.ask("/renew", "POST").code)
        self.subject.wait_generation(generation + 1)
        self.subject.wait_output(other_than=serial)
        self.assertRegex(self.subject.process.text(), "renewing everything now.*a request")
        self.assertEqual("same", self.credential("identity-1")["on_disk"])
        self.assertEqual(200, self.diag.ask("/reload", "POST").code)

    def test_the_level_of_the_log_changes_and_goes_back(self):
        self.start()
        self.assertEqual("INFO\n", self.diag.ask("/log-level").text)
        self.assertEqual(200, self.diag.ask("/log-level?for=1s", "PUT", body="debug").code)
        self.assertEqual("DEBUG\n", self.diag.ask("/log-level").text)
        wait_until("the usual level", lambda: self.diag.ask("/log-level").text == "INFO\n", 5)
        self.assertEqual(422, self.diag.ask("/log-level", "PUT", body="loud").code)

    def test_shutdown_is_there_only_where_it_is_allowed(self):
        self.start()
        self.assertEqual(404, self.diag.ask("/_shutdown", "POST").code)
        self.assertEqual(404, self.diag.code("/_shutdown"))
        self.subject.process.must_live()

    def test_shutdown_is_orderly_and_tells_who_waits(self):
        self.start("diag: {enable_shutdown: true}\n")
        answer = self.diag.ask("/_shutdown")
        self.assertEqual((405, "POST"), (answer.code, answer.headers["Allow"]))
        self.assertEqual(0, self.cluster.process.stop())
        wait_until("notice", lambda: self.diag.code("/readyz") == 503, 10)
        codes = []
        waiter = threading.Thread(target=lambda: codes.append(self.diag.code("/wait?for=ready")))
        waiter.start()
        wait_until("a waiter", lambda: sum(l["waiting"] for l in self.diag.json("/status")["listeners"]) == 1)
        self.assertEqual(200, self.diag.ask("/_shutdown", "POST").code)
        self.assertEqual(0, self.subject.process.wait())
        waiter.join(10)
        self.assertEqual([503], codes)

    def test_shutdown_waits_for_a_reply_as_long_as_configured(self):
        self.start("diag: {enable_shutdown: true, shutdown_timeout: 2s}\n")
        self.cluster.command("hang", "method", "GenerateUserCerts")
        asked = self.cluster.requests("GenerateUserCerts")
        self.assertEqual(202, self.diag.ask("/renew", "POST").code)
        wait_until("the renewal to be asked for", lambda: self.cluster.requests("GenerateUserCerts") > asked)
        begin = time.monotonic()
        self.assertEqual(200, self.diag.ask("/_shutdown", "POST").code)
        self.subject.process.wait()
        self.assertIn("at_most:2s", self.subject.process.text())
        self.assertLess(time.monotonic() - begin, 9)  # of the ten it would be

    def test_a_stop_is_told_of_to_its_end(self):
        self.start("diag: {shutdown_timeout: 2s}\n")
        self.cluster.command("hang", "method", "GenerateUserCerts")
        asked = self.cluster.requests("GenerateUserCerts")
        self.assertEqual(202, self.diag.ask("/renew", "POST").code)
        wait_until("the renewal to be asked for", lambda: self.cluster.requests("GenerateUserCerts") > asked)
        waited = []
        waiter = threading.Thread(target=lambda: waited.append(self.diag.code("/wait?for=ready")))
        self.subject.process.send(signal.SIGTERM)
        wait_until("the stop", lambda: self.diag.json("/readyz")["state"] == "stopping")
        waiter.start()
        self.assertEqual([200, 503, 200], [self.diag.code(path) for path in ("/livez", "/readyz", "/servez")])
        self.assertIn("process_state 4", self.diag.ask("/metrics").text)
        self.assertEqual("stopping", self.diag.json("/_status")["message"])
        for path in ("/renew", "/reload"):
            self.assertEqual(409, self.diag.ask(path, "POST").code)
        self.subject.process.must_live()
        waiter.join(10)
        self.assertEqual([503], waited)

    def test_a_loop_that_stood_still_says_so(self):
        """A process that is stopped stands for one that hangs."""
        self.start("diag: {livez_stall: 1s}\n")
        asked = self.diag.connect()
        self.subject.process.send(signal.SIGSTOP)
        status = pathlib.Path(f"/proc/{self.subject.process.pid}/status")
        wait_until("it to stand still", lambda: "State:\tT" in status.read_text())
        asked.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stopped = time.monotonic()
        wait_until("it to have stood long enough", lambda: time.monotonic() - stopped > 1.5)
        self.subject.process.send(signal.SIGCONT)
        self.assertRegex(asked.recv(4096), rb"^HTTP/1.1 500 ")
        asked.close()
        wait_until("it to be over", lambda: self.diag.code("/livez") == 200, 5)


if __name__ == "__main__":
    main()
