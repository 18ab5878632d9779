# SPDX-License-Identifier: Apache-2.0
"""The metrics of a real agent: as Prometheus reads them, as JSON, compressed, and as they are sent elsewhere."""

import gzip
import http.client
import http.server
import json
import pathlib
import re
import socket
import socketserver
import subprocess
import threading
import time

from harness import Case, main, wait_until


DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/diagnostics.md"


def documented():
    """{name of a metric: its labels}, as the table of the docs has them."""
    section = DOCS.read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = (line.split("|") for line in section.splitlines() if line.startswith("| `"))
    return {name: set(re.findall(r"`(\w+)`", row[2])) for row in rows for name in re.findall(r"`([a-z_]+)`", row[1])}


def families(text):
    """{name of a metric: the labels of its series}"""
    found = {name: set() for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)}
    for series, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? ", text, re.MULTILINE):
        name = series if series in found else re.sub("_(bucket|sum|count)$", "", series)
        found[name] |= set(re.findall(r'(\w+)="', labels)) - {"le"}
    return found


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Graphite(socketserver.ThreadingTCPServer):
    """Takes lines over TCP; `pushes` has the text of each connection."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.pushes = []
        super().__init__(("127.0.0.1", 0), None)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        self.pushes.append(b"".join(iter(lambda: request.recv(65536), b"")).decode())


class Bridge(http.server.ThreadingHTTPServer):
    """Takes posts; `pushes` has each as (path, list), `status` is what it answers."""

    daemon_threads = True

    def __init__(self):
        self.pushes = []
        self.status = 204
        bridge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bridge.pushes.append((self.path, json.loads(body)))
                self.send_response(bridge.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Metrics(Case):
    OF_PROCESSES = {f"process_{what}" for what in ("cpu_seconds_total", "max_fds", "open_fds", "resident_memory_bytes",
                                                   "start_time_seconds", "threads", "virtual_memory_bytes")}

    def serve(self, **options):
        authority = self.authority()
        agent = self.agent(authority, **options)
        agent.start()
        agent.wait_output()
        return agent

    def end_with_the_test(self, *servers):
        for server in servers:
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)

    def get(self, agent, path, **headers):
        connection = Unix(agent.storage / "diag.sock")
        self.addCleanup(connection.close)
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply, reply.read()

    def value(self, agent, series):
        """Of one series; None while it is not there."""
        _, text = self.get(agent, "/metrics")
        found = re.search(rf"^{re.escape(series)} (\S+)$", text.decode(), re.MULTILINE)
        return float(found[1]) if found else None

    def wait_value(self, agent, series, wanted):
        return wait_until(f"{series} to be {wanted}, it is {self.value(agent, series)}",
                          lambda: self.value(agent, series) == wanted, still_worth_it=agent.process.must_live)

    def test_promtool_has_nothing_to_say(self):
        promtool = self.need_tool("promtool")
        agent = self.serve()
        _, text = self.get(agent, "/metrics")
        said = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
        self.assertEqual((0, b"", b""), (said.returncode, said.stdout, said.stderr))

    def test_docs_have_each_metric_with_its_labels(self):
        agent = self.serve(service_lines=["reload: {command: [/bin/true]}"], extra=["metrics: {graphite: 127.0.0.1:1}"])
        self.get(agent, "/livez")
        _, text = self.get(agent, "/metrics")
        real, told = families(text.decode()), documented()
        self.assertEqual(set(told), {n for n in real if not n.startswith("tbot_malloc_")} - self.OF_PROCESSES)
        for name, labels in told.items():
            if re.search(f"^{name}[_{{ ]", text.decode(), re.MULTILINE):
                self.assertEqual(real[name], labels, name)

    def test_what_the_agent_does_is_counted(self):
        agent = self.serve()
        self.wait_value(agent, "process_state", 0)
        self.wait_value(agent, "tbot_serving", 1)
        self.wait_value(agent, 'tbot_authority_connected{path="auth"}', 1)
        heard = self.value(agent, "tbot_authority_last_contact_timestamp_seconds")
        self.assertAlmostEqual(time.time(), heard, delta=60)
        self.wait_value(agent, 'tbot_service_state{service="identity",state="ok"}', 1)
        for service, task in (("identity", "bot-identity-renewal"), ("identity-1", "output-renewal")):
            self.wait_value(agent, f'tbot_renewals_total{{service="{service}",result="ok",code="ok"}}', 1)
            self.wait_value(agent, f'tbot_task_iterations_total{{service="{service}",name="{task}"}}', 1)
        self.assertGreaterEqual(self.value(agent, 'tbot_rpc_requests_total{method="GenerateUserCerts",code="ok"}'), 1)
        self.assertGreaterEqual(self.value(agent, 'tbot_rpc_duration_seconds_count{method="Ping"}'), 1)
        dials = [self.value(agent, f"tbot_path_cache_{kind}_total") for kind in ("hits", "misses")]
        self.assertGreaterEqual(sum(dials), 1)
        fds = len(list(pathlib.Path(f"/proc/{agent.process.pid}/fd").iterdir()))
        self.assertAlmostEqual(fds, self.value(agent, "process_open_fds"), delta=2)

    def test_each_service_says_when_it_succeeded_and_will_try_again(self):
        agent = self.serve()
        self.wait_value(agent, "process_state", 0)
        now = time.time()
        # A renewal at its interval, or at the latest before the end of what there is.
        for service, latest in (("identity", 600), ("identity-1", 600), ("connection", 70)):
            label = f'{{service="{service}"}}'
            self.assertAlmostEqual(now, self.value(agent, f"tbot_service_last_success_timestamp_seconds{label}"), delta=30)
            ahead = self.value(agent, f"tbot_service_next_attempt_timestamp_seconds{label}") - now
            self.assertTrue(0 < ahead < latest, f"{service}: in {ahead} s")
            self.assertEqual(0, self.value(agent, f"tbot_service_consecutive_failures{label}"))

    def test_outage_shows_in_the_state_and_in_failures(self):
        agent = self.serve()
        self.wait_value(agent, "process_state", 0)
        agent.authority.command("refuse")
        agent.renew_now()
        self.wait_value(agent, "process_state", 2)
        self.wait_value(agent, 'tbot_authority_connected{path="auth"}', 0)
        self.wait_value(agent, "tbot_serving", 1)
        failures = self.value(agent, 'tbot_service_consecutive_failures{service="connection"}')
        self.assertGreaterEqual(failures, 1)
        _, text = self.get(agent, "/metrics")
        self.assertRegex(text.decode(), r'tbot_rpc_requests_total\{method="\w+",code="unavailable"\} [1-9]')

    def test_json_is_ghostunnels_list_and_can_be_packed(self):
        agent = self.serve()
        for path in ("/_metrics", "/_metrics/json"):
            reply, packed = self.get(agent, path, **{"Accept-Encoding": "gzip"})
            self.assertEqual("gzip", reply.headers["Content-Encoding"])
            self.assertEqual("Accept, Accept-Encoding", reply.headers["Vary"])
            items = json.loads(gzip.decompress(packed))
            for item in items:
                self.assertLessEqual({"timestamp", "metric", "value", "hostname"}, set(item))
                self.assertEqual(socket.gethostname(), item["hostname"])
            self.assertIn("tbot.process_state", {item["metric"] for item in items})

    def test_metrics_are_sent_to_graphite_and_to_an_url(self):
        graphite, bridge = Graphite(), Bridge()
        self.end_with_the_test(graphite, bridge)
        agent = self.serve(extra=["metrics:", f"  graphite: 127.0.0.1:{graphite.server_address[1]}",
                                  f"  url: http://127.0.0.1:{bridge.server_address[1]}/in?key=s3cret",
                                  "  interval: 1s", "  prefix: site"])
        wait_until("two pushes to both", lambda: len(graphite.pushes) > 1 and len(bridge.pushes) > 1,
                   still_worth_it=agent.process.must_live)
        for line in graphite.pushes[-1].splitlines():
            self.assertRegex(line, r"^site(\.[A-Za-z0-9_-]+)+ -?[0-9.e+-]+ [0-9]+$")
        path, items = bridge.pushes[-1]
        self.assertEqual("/in?key=s3cret", path)
        names = {item["metric"] for item in items}
        self.assertIn("site.process_state", names)
        self.assertLessEqual({line.split()[0] for line in graphite.pushes[0].splitlines()}, names)
        self.assertGreaterEqual(self.value(agent, 'tbot_metrics_pushes_total{target="graphite",result="ok"}'), 1)

    def test_target_that_refuses_is_told_of_once_and_without_its_key(self):
        bridge = Bridge()
        self.end_with_the_test(bridge)
        bridge.status = 500
        agent = self.serve(extra=["metrics:", f"  url: http://127.0.0.1:{bridge.server_address[1]}/in?key=s3cret",
                                  "  interval: 1s"])
        wait_until("two refusals", lambda: len(bridge.pushes) > 1, still_worth_it=agent.process.must_live)
        bridge.status = 204
        log = agent.process.text
        wait_until("it to go well again", lambda: "metrics are taken again" in log(),
                   still_worth_it=agent.process.must_live)
        self.assertEqual(1, log().count("metrics were not taken"))
        self.assertNotIn("s3cret", log())

    def test_stop_sends_them_a_last_time(self):
        graphite, bridge = Graphite(), Bridge()
        self.end_with_the_test(graphite, bridge)
        agent = self.serve(extra=["metrics:", f"  graphite: 127.0.0.1:{graphite.server_address[1]}",
                                  f"  url: http://127.0.0.1:{bridge.server_address[1]}/in", "  interval: 1h"])
        agent.wait_output()
        self.assertEqual(0, agent.process.stop(), agent.process.text())
        wait_until("both to be told", lambda: graphite.pushes and bridge.pushes)
        self.assertIn("\ntbot.tbot_renewals_total.identity.ok.ok 1 ", graphite.pushes[-1])

    def test_stop_does_not_wait_for_a_target_that_hangs(self):
        with socket.create_server(("127.0.0.1", 0)) as hanging:
            agent = self.serve(extra=["metrics:", f"  url: http://127.0.0.1:{hanging.getsockname()[1]}/",
                                      "  interval: 1s"])
            hanging.settimeout(30)
            connection, _ = hanging.accept()
            with connection:
                connection.settimeout(30)
                self.assertTrue(connection.recv(10))
                self.assertEqual(0, agent.process.stop(seconds=9))  # of the ten that a push has


if __name__ == "__main__":
    main()
