# SPDX-License-Identifier: Apache-2.0
"""Who may ask over https://: certificates that rotate, clients known by theirs, tokens; by other people's TLS."""

import http.client
import re
import ssl
import time

from harness import Case, Diag, main, pem, wait_until
from harness.impostor import refused_address
from harness.process import run

TOKEN = "a-token-for-changes-0123456789"


class Https(Case):
    def setUp(self):
        super().setUp()
        self.cluster = self.authority()
        self.port = refused_address()
        # Every address of the machine, so that nobody gets details for being near.
        self.address = f"https://0.0.0.0:{self.port.rsplit(':', 1)[1]}"

    def start(self, *diag_lines):
        lines = [f"diag_addr: {self.address}", "diag:", "  livez_stall: 60s", *diag_lines]
        self.subject = self.agent(self.cluster, extra=lines)
        self.subject.start()
        self.subject.wait_output()
        self.local = Diag(self.subject.storage / "diag.sock")
        wait_until("ready", lambda: self.local.code("/readyz") == 200, 30, self.subject.process.must_live)

    def ask(self, path, method="GET", cert=None, headers=None):
        """By Python's TLS, verifying nobody: (status, text, the server's certificate as PEM)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if cert:
            context.load_cert_chain(cert / "tlscert", cert / "key")
        connection = http.client.HTTPSConnection(self.port, timeout=10, context=context)
        try:
            connection.request(method, path, headers=headers or {})
            shown = ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(binary_form=True))
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), shown
        finally:
            connection.close()

    def serial_shown(self):
        path = self.dir / "shown.pem"
        path.write_text(self.ask("/livez")[2])
        return pem.serial(path)

    def handshakes(self, result):
        text = self.local.ask("/metrics").text
        found = re.search(rf'tbot_diag_tls_handshakes_total{{result="{result}"}} (\d+)', text)
        return int(found.group(1)) if found else 0


class Certificates(Https):
    def test_own_identity_is_shown_and_rotates_with_it(self):
        self.start()
        self.assertEqual(pem.serial(self.subject.storage / "tlscert"), self.serial_shown())
        self.subject.renew_now()
        self.subject.wait_generation(2)
        wait_until("the new certificate", lambda: self.serial_shown() ==
                   pem.serial(self.subject.storage / "tlscert"), 10, self.subject.process.must_live)

    def test_before_there_is_an_identity_nothing_is_served(self):
        self.assertEqual(0, self.cluster.process.stop())
        self.subject = self.agent(self.cluster, extra=["startup: wait", f"diag_addr: {self.address}"])
        self.subject.start()
        self.local = Diag(self.subject.storage / "diag.sock")
        wait_until("the socket", lambda: (self.subject.storage / "diag.sock").exists(), 30,
                   self.subject.process.must_live)
        with self.assertRaisesRegex(ssl.SSLError, "INTERNAL_ERROR"):
            self.ask("/livez")
        answer = Diag(self.port).ask("/livez")
        self.assertEqual((400, "This address speaks HTTPS only.\n"), (answer.code, answer.text))
        self.assertEqual(1, self.handshakes("no_certificate"))
        self.assertEqual(1, self.handshakes("not_tls"))

    def make_pair(self, name):
        """As an operator's CA would, verified by name."""
        done = run(["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.dir / "tls.key",
                    "-out", self.dir / "tls.crt"])
        self.assertEqual(0, done.returncode, done.stderr)

    def curl(self):
        return run(["curl", "-sS", "--cacert", self.dir / "tls.crt", f"https://{self.port}/livez"])

    def test_files_are_verified_by_curl_and_read_again(self):
        self.need_tool("curl")
        self.make_pair("first")
        self.start("  tls:", f"    cert: {self.dir}/tls.crt", f"    key: {self.dir}/tls.key")
        self.assertEqual("OK", self.curl().stdout.strip())
        self.make_pair("second")
        # A second passes before anybody looks; the pair in between, old key and new certificate, never shows.
        wait_until("the new pair", lambda: self.curl().returncode == 0, 10, self.subject.process.must_live)
        self.assertEqual("OK", self.curl().stdout.strip())


class Clients(Https):
    def test_a_listed_bot_may_renew_and_others_may_not(self):
        """The client shows what an output of this cluster has, verified by the CAs of the agent's identity."""
        self.start("  tls:", "    allow: [bot-robot]")
        self.assertIn(("2.5.4.3", "bot-robot"), pem.subject(self.subject.output / "tlscert"))
        self.assertEqual(401, self.ask("/renew", "POST")[0])
        self.assertEqual(401, self.ask("/status")[0])
        self.assertEqual(200, self.ask("/status", cert=self.subject.output)[0])
        self.assertEqual(202, self.ask("/renew", "POST", cert=self.subject.output)[0])
        self.subject.wait_generation(2)

    def test_a_certificate_of_another_ca_ends_the_handshake(self):
        self.start("  tls:", "    allow: [stranger]")
        done = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=stranger", "-keyout", self.dir / "key", "-out", self.dir / "tlscert"])
        self.assertEqual(0, done.returncode, done.stderr)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.ask("/livez", cert=self.dir)
        self.assertEqual(1, self.handshakes("certificate"))
        self.assertEqual(200, self.ask("/livez")[0])

    def test_a_token_is_good_for_what_it_says(self):
        tokens = self.dir / "tokens"
        tokens.touch(mode=0o600)
        tokens.write_text(f"deploy change {TOKEN}\n")
        self.start(f"  tokens: {tokens}")
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        self.assertEqual(200, self.ask("/status", headers=bearer)[0])
        self.assertEqual(202, self.ask("/renew", "POST", headers=bearer)[0])
        self.assertEqual(401, self.ask("/livez", headers={"Authorization": "Bearer wrong-token-0123456789"})[0])
        tokens.write_text("")
        self.assertEqual(401, self.ask("/status", headers=bearer)[0])
        self.assertNotIn(TOKEN, self.subject.process.text())


class Load(Https):
    def test_a_hundred_silent_handshakes_hold_nobody_up(self):
        self.start()
        silent = [Diag(self.port).connect() for _ in range(100)]
        begin = time.monotonic()
        self.assertEqual(200, self.ask("/livez")[0])
        self.assertLess(time.monotonic() - begin, 5)  # half of what a silent one has
        self.assertNotEqual(0, self.handshakes("evicted"))
        for connection in silent:
            connection.close()


if __name__ == "__main__":
    main()
