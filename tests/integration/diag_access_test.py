# SPDX-License-Identifier: Apache-2.0
"""Where an agent listens, and who is told what there: what unit tests prove part by part, of the whole program."""

import sys

from harness import Case, Diag, main, wait_until
from harness.impostor import Impostor, refused_address

# As systemd does it: descriptor 3 listens, and the environment says whose it is.
ACTIVATE = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="diag")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Access(Case):
    def start(self, *extra, **options):
        self.subject = self.agent(self.authority(), extra=extra, **options)
        self.subject.start()
        self.subject.wait_output()
        self.local = Diag(self.subject.storage / "diag.sock")
        self.wait_ready(self.local)

    def wait_ready(self, diag):
        self.assertEqual(200, diag.code("/wait?for=ready&timeout=10s"))

    def wait_answer(self, agent):
        diag = Diag(agent.storage / "diag.sock")

        def answers():
            try:
                return diag.code("/livez") == 200
            except OSError:
                return False

        wait_until("an answer", answers, 10, agent.process.must_live)
        return diag

    def everywhere(self):
        """An address that stands for all of this machine, and one of them to ask at."""
        port = refused_address().rpartition(":")[2]
        return f"0.0.0.0:{port}", Diag(f"127.0.0.1:{port}")

    def test_every_service_is_shown_before_anything_has_answered(self):
        with Impostor() as mute:
            agent = self.agent(self.authority(), address=mute.address, extra=["startup: wait"])
            agent.start()
            diag = self.wait_answer(agent)
            ready = diag.json("/readyz")
            self.assertEqual({"identity", "connection", "identity-1"}, set(ready["services"]))
            self.assertEqual("initializing", ready["services"]["identity-1"]["status"])
            self.assertEqual(503, diag.code("/servez"))
            self.assertEqual(503, diag.code("/readyz/identity-1"))
            self.assertEqual(504, diag.code("/wait/identity-1?timeout=100ms"))

    def test_the_network_gets_bare_answers(self):
        address, network = self.everywhere()
        self.start(f"diag_addr: {address}")
        self.assertEqual(200, network.code("/livez"))
        self.assertEqual({"status", "state", "state_code", "serving"}, set(network.json("/readyz")))
        self.assertIn("process_state 0", network.ask("/metrics").text)
        for method, path in (("GET", "/status"), ("GET", "/log-level"), ("POST", "/renew")):
            answer = network.ask(path, method)
            self.assertEqual(401, answer.code, path)
            self.assertIn("WWW-Authenticate", answer.headers)
        self.assertEqual(404, network.code("/debug/pprof/"))

    def test_the_network_gets_reasons_where_that_is_wanted_and_changes_nothing(self):
        address, network = self.everywhere()
        self.start(f"diag_addr: {address}", "diag: {unsafe_plain: true}")
        self.assertIn("identity-1", network.json("/readyz")["services"])
        self.assertEqual(200, network.code("/status"))
        self.assertEqual(401, network.ask("/renew", "POST").code)

    def test_on_loopback_the_host_must_be_this_machine(self):
        address = refused_address()
        self.start(f"diag_addr: {address}")
        loopback = Diag(address)
        self.assertEqual(200, loopback.code("/status"))
        self.assertEqual(421, loopback.ask("/status", headers={"Host": "evil.example.com"}).code)

    def test_a_socket_of_systemd_is_used(self):
        address = refused_address()
        agent = self.agent(self.authority(), extra=["diag_addr: systemd:diag", "diag_socket: off"])
        agent.process = self.spawn([sys.executable, "-c", ACTIVATE, address.rpartition(":")[2],
                                    agent.program, "start", "-c", agent.config], "activated")
        agent.wait_output()
        self.wait_ready(Diag(address))
        self.assertEqual(["systemd:diag"], [x["address"] for x in Diag(address).json("/status")["listeners"]])
        self.assertEqual(0, agent.process.stop())

    def test_what_a_killed_agent_left_is_taken_over(self):
        self.start()
        self.subject.process.kill()
        self.assertTrue((self.subject.storage / "diag.sock").is_socket())
        self.subject.start()
        self.wait_answer(self.subject)
        self.assertEqual(0o600, (self.subject.storage / "diag.sock").stat().st_mode & 0o777)

    def test_relative_storage_has_its_socket(self):
        agent = self.agent(self.authority(), storage_lines=["  type: directory", "  path: ./agent-storage"])
        here = ["sh", "-c", 'cd "$0" && exec "$@"', self.dir, agent.program]
        agent.process = self.spawn([*here, "start", "-c", agent.config], "relative")
        agent.wait_output()
        self.wait_ready(Diag(agent.storage / "diag.sock"))
        asked = self.spawn([*here, "readyz", "-c", agent.config], "readyz")
        self.assertEqual(0, asked.wait(), asked.text())


if __name__ == "__main__":
    main()
