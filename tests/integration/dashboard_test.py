# SPDX-License-Identifier: Apache-2.0
"""packaging/grafana: every question of the dashboard is one that Prometheus understands and the agent's metrics can answer."""

import json
import pathlib
import re

from harness import Case, Diag, main, openmetrics, run, wait_until

DASHBOARD = pathlib.Path(__file__).parents[2] / "packaging/grafana/tbot-dashboard.json"
# What a scrape adds, and what a histogram has.
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}


def questions():
    """Every panel's expressions, as (title, expression, legend)."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]


def plain(expression):
    """Without Grafana's variables."""
    for variable, value in (("$__rate_interval", "5m"), ("$job", ".*"), ("$instance", ".*")):
        expression = expression.replace(variable, value)
    return expression


class Dashboard(Case):
    def families(self):
        # A service with a hook, for its series.
        agent = self.agent(self.authority(), extra=["    reload: {command: [/bin/true]}"])
        agent.start()
        agent.wait_generation(1)
        local = Diag(agent.storage / "diag.sock")
        wait_until("the output's renewal",
                   lambda: 'tbot_renewals_total{service="identity-1"' in local.ask("/metrics").text)
        return openmetrics.parse(local.ask("/metrics", headers={"Accept": "application/openmetrics-text"}).text)

    def test_promtool_understands_each_question(self):
        promtool = self.need_tool("promtool")
        rules = [{"record": f"question_{n}", "expr": plain(expression)} for n, (_, expression, _) in enumerate(questions())]
        self.assertGreater(len(rules), 25)
        path = self.dir / "rules.yaml"
        path.write_text(json.dumps({"groups": [{"name": "questions", "rules": rules}]}))  # JSON is YAML
        done = run([promtool, "check", "rules", path])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_agent_has_every_metric_and_label_that_is_asked_for(self):
        families = self.families()
        labels = {label for family in families.values() for _, given, _ in family.samples for label in given}
        for title, expression, legend in questions():
            with self.subTest(panel=title):
                named = set(re.findall(r"\b(?:tbot|process)_[a-z_]+", expression))
                self.assertTrue(named)
                for name in named:
                    self.assertTrue({name, name.removesuffix("_total"), name.removesuffix("_bucket")} & set(families), name)
                used = set(re.findall(r"{{(\w+)}}", legend))
                used |= {label for group in re.findall(r"(?:by|on|group_left) \(([^)]*)\)", expression)
                         for label in group.split(", ")}
                used |= set(re.findall(r"[{ ](\w+)[!=]~?=?\"", expression))
                self.assertEqual(set(), used - labels - LABELS_OF_PROMETHEUS)

    def test_panels_do_not_lie_on_one_another(self):
        taken = set()
        for panel in json.loads(DASHBOARD.read_text())["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            fields = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                      for y in range(place["y"], place["y"] + place["h"])}
            self.assertEqual(set(), fields & taken, panel["title"])
            taken |= fields

    def test_it_has_what_it_is_for(self):
        """Identity validity, renewals, failures, freshness of the outputs, the connection, the agent's memory, hooks."""
        asked = " ".join(expression for _, expression, _ in questions())
        for name in ("tbot_credential_expiry_timestamp_seconds", "tbot_renewals_total", "code!=\"ok\"",
                     "tbot_service_last_success_timestamp_seconds", "tbot_credential_stale", "tbot_authority_connected",
                     "process_resident_memory_bytes", "tbot_hook_runs_total"):
            self.assertIn(name, asked)


if __name__ == "__main__":
    main()
