# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes: what Kubernetes reads is sound, its parts fit together, and the real agent runs with what is in it."""

import json
import os
import pathlib
import re
import subprocess

from harness import Case, main
from harness.kube import Kube
from harness.service_account import Issuer, put

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"
KUBERNETES = PACKAGING / "kubernetes"
RULE_HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# The groups are those of ../../prometheus/tbot-alerts.yaml; a test holds them equal (UPDATE_GOLDEN=1 copies them).
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tbot
  labels:
    app.kubernetes.io/name: tbot
spec:
"""


def documents(text):
    """JSON documents, one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def without_nothing(value):
    """Without what kubectl adds for fields that were not given."""
    if isinstance(value, dict):
        kept = {key: without_nothing(item) for key, item in value.items() if key != "status"}
        return {key: item for key, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return value


class Manifests(Case):
    def kubectl(self, *words, given=None):
        done = subprocess.run(["kubectl", *words], input=given, text=True,
                              capture_output=True, check=False, timeout=120)
        self.assertEqual(0, done.returncode, f"{words}: {done.stderr}")
        return done.stdout

    def read(self, folder):
        """Everything `kubectl apply -k` would send, by kind."""
        text = self.kubectl("kustomize", KUBERNETES / folder)
        plain = self.kubectl("label", "--local", "-f", "-", "read=yes", "-o", "json", given=text)
        found = {}
        for document in documents(plain):
            del document["metadata"]["labels"]["read"]
            found.setdefault(document["kind"], []).append(document)
        return found

    def one(self, found, kind):
        self.assertEqual(1, len(found[kind]), kind)
        return found[kind][0]

    def pod(self, found):
        return self.one(found, "Deployment")["spec"]["template"]["spec"]

    def containers(self, found):
        pod = self.pod(found)
        return [*pod.get("initContainers", []), *pod["containers"]]

    def ours(self, found):
        return [container for container in self.containers(found) if "tbot" in container["name"]]


class Sound(Manifests):
    FOLDERS = ("sidecar", "secret")

    def setUp(self):
        super().setUp()
        self.need_tool("kubectl")

    def test_deployments_have_only_fields_that_kubernetes_knows(self):
        """kubectl reads them into its own types for this, and writes those: what it does not know is lost."""
        for folder in self.FOLDERS:
            found = self.read(folder)
            written = self.one(found, "Deployment")
            first = self.pod(found)["containers"][0]
            known = json.loads(self.kubectl("set", "image", "--local", "-f", "-", "-o", "json",
                                            f"{first['name']}=another", given=json.dumps(written)))
            first["image"] = "another"
            self.assertEqual(without_nothing(written), without_nothing(known))

    def test_names_lead_to_what_is_there(self):
        for folder in self.FOLDERS:
            with self.subTest(folder=folder):
                found = self.read(folder)
                pod = self.pod(found)
                self.assertEqual(self.one(found, "ServiceAccount")["metadata"]["name"], pod["serviceAccountName"])
                maps = {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
                self.assertEqual({self.one(found, "ConfigMap")["metadata"]["name"]}, maps)
                mounted = {mount["name"] for container in self.containers(found) for mount in container["volumeMounts"]}
                self.assertEqual({volume["name"] for volume in pod["volumes"]}, mounted)
                spec = self.one(found, "Deployment")["spec"]
                labels = spec["template"]["metadata"]["labels"]
                self.assertLessEqual(spec["selector"]["matchLabels"].items(), labels.items())
                self.assertIn("tbot", labels)  # what the PodMonitor selects
                for container in self.containers(found):
                    ports = {port["name"] for port in container.get("ports", [])}
                    asked = {probe["httpGet"]["port"] for name, probe in container.items()
                             if name.endswith("Probe") and "httpGet" in probe}
                    self.assertLessEqual(asked, ports)

    def test_monitor_asks_a_port_that_both_have(self):
        monitor = self.one(self.read("monitoring"), "PodMonitor")["spec"]
        self.assertEqual([{"key": "tbot", "operator": "Exists"}], monitor["selector"]["matchExpressions"])
        [endpoint] = monitor["podMetricsEndpoints"]
        for folder in self.FOLDERS:
            agent = self.ours(self.read(folder))[0]
            self.assertIn(endpoint["port"], [port["name"] for port in agent["ports"]])

    def test_nobody_has_more_rights_than_he_needs(self):
        for folder in self.FOLDERS:
            found = self.read(folder)
            pod = self.pod(found)
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"])
            for container in self.ours(found):
                with self.subTest(folder=folder, container=container["name"]):
                    context = container["securityContext"]
                    self.assertFalse(context["allowPrivilegeEscalation"])
                    self.assertTrue(context["readOnlyRootFilesystem"])
                    self.assertEqual({"drop": ["ALL"]}, context["capabilities"])
                    self.assertIn("memory", container["resources"]["limits"])
            for volume in pod["volumes"]:
                if "emptyDir" in volume:
                    self.assertEqual("Memory", volume["emptyDir"]["medium"], volume["name"])
        self.assertFalse(self.pod(self.read("sidecar"))["automountServiceAccountToken"])

    def test_role_is_about_the_secret_that_is_written(self):
        found = self.read("secret")
        config = (KUBERNETES / "secret/tbot.yaml").read_text()
        [name] = re.findall(r"type: kubernetes_secret\n +name: (\S+)", config)
        role = self.one(found, "Role")
        self.assertEqual([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [name],
                           "verbs": ["get", "create", "patch"]}], role["rules"])
        binding = self.one(found, "RoleBinding")
        self.assertEqual(role["metadata"]["name"], binding["roleRef"]["name"])
        self.assertEqual([self.one(found, "ServiceAccount")["metadata"]["name"]],
                         [subject["name"] for subject in binding["subjects"]])

    def test_what_is_written_is_mounted_to_be_written(self):
        for folder in self.FOLDERS:
            with self.subTest(folder=folder):
                config = (KUBERNETES / folder / "tbot.yaml").read_text()
                written = re.findall(r"^ +path: (\S+)|^diag_socket: (\S+)", config, re.MULTILINE)
                agent = self.ours(self.read(folder))[0]
                mounts = [mount["mountPath"] for mount in agent["volumeMounts"] if not mount.get("readOnly")]
                for path in (first or second for first, second in written):
                    self.assertTrue(any(path.startswith(f"{mount}/") for mount in mounts), path)

    def test_sidecar_starts_first_holds_the_workload_back_and_shares_its_files(self):
        found = self.read("sidecar")
        agent, wait = self.pod(found)["initContainers"]
        [app] = self.pod(found)["containers"]
        self.assertEqual("Always", agent["restartPolicy"])
        self.assertNotIn("restartPolicy", wait)
        self.assertIn("wait", wait["command"])
        self.assertIn("startup: wait\n", (KUBERNETES / "sidecar/tbot.yaml").read_text())
        shared = [mount for mount in app["volumeMounts"] if mount["name"] == "identity"]
        self.assertTrue(shared[0]["readOnly"])
        self.assertNotIn("subPath", shared[0])
        tokens = {mount["name"] for mount in app["volumeMounts"]} & {"teleport-token", "tbot-state", "tbot-run"}
        self.assertEqual(set(), tokens)

    def test_token_is_made_for_the_teleport_cluster_and_read_where_it_is(self):
        for folder in self.FOLDERS:
            found = self.read(folder)
            [source] = [volume["projected"]["sources"] for volume in self.pod(found)["volumes"]
                        if volume["name"] == "teleport-token"]
            self.assertEqual("teleport.example.com", source[0]["serviceAccountToken"]["audience"])
            agent = self.ours(found)[0]
            [mount] = [mount["mountPath"] for mount in agent["volumeMounts"] if mount["name"] == "teleport-token"]
            self.assertEqual([{"name": "KUBERNETES_TOKEN_PATH", "value": f"{mount}/token"}], agent["env"])

    def test_program_knows_the_command_lines(self):
        for folder in self.FOLDERS:
            found = self.read(folder)
            lines = [container["command"] for container in self.ours(found)]
            lines += [probe["exec"]["command"] for container in self.ours(found) for name, probe in container.items()
                      if name.endswith("Probe") and "exec" in probe]
            for line in lines:
                with self.subTest(line=line):
                    self.assertEqual("/usr/bin/tbot", line[0])
                    done = self.run_tbot(*line[1:], "--help")
                    self.assertEqual((0, ""), (done.returncode, done.stderr))


class Alerts(Case):
    def test_rule_has_the_groups_of_the_file_for_prometheus(self):
        alerts = (PACKAGING / "prometheus/tbot-alerts.yaml").read_text()
        groups = alerts[alerts.index("groups:"):]
        wanted = RULE_HEAD + re.sub(r"^(?=.)", "  ", groups, flags=re.MULTILINE)
        rule = KUBERNETES / "monitoring/prometheusrule.yaml"
        if os.environ.get("UPDATE_GOLDEN"):
            rule.write_text(wanted)
        self.assertEqual(wanted, rule.read_text())


class Pod(Case):
    """A configuration of the manifests with the real agent, as its pod would have it but for paths and addresses."""

    ACCOUNT = "default:app"

    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self.dir)
        self.token = self.dir / "token"
        put(self.token, self.issuer.token(account=self.ACCOUNT))
        for name in ("state", "run", "identity"):
            (self.dir / name).mkdir()
            (self.dir / name).chmod(0o2777)  # as an emptyDir is

    def cluster(self):
        jwks = self.dir / "jwks.json"
        jwks.write_text(self.issuer.jwks())
        return self.authority(extra=["--kube-jwks", jwks, "--kube-token", f"app=robot:{self.ACCOUNT}"])

    def replaced(self, authority):
        """What is another thing here, for both."""
        return [("proxy_server: teleport.example.com:443", f"auth_server: {authority.auth_addr}"),
                ("  token: app", f"  ca_pins: ['{authority.ca_pin}']\n  token: app"),
                ("/var/lib/tbot/", f"{self.dir}/state/"), ('":3001"', '"127.0.0.1:0"')]

    def write(self, folder, replaced):
        text = (KUBERNETES / folder / "tbot.yaml").read_text()
        for old, new in replaced:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.dir / "tbot.yaml"
        path.write_text(text)
        path.chmod(0o644)  # as a ConfigMap's
        return path


class Sidecar(Pod):
    def configuration(self, authority):
        return self.write("sidecar", [*self.replaced(authority), ("/run/tbot/", f"{self.dir}/run/"),
                                      ("/run/identity/", f"{self.dir}/identity/")])

    def environment(self):
        return {"KUBERNETES_TOKEN_PATH": str(self.token)}

    def start(self, config, name="agent"):
        return self.spawn([os.environ["TBOT"], "start", "-c", config, "--log-format", "json"], name, self.environment())

    def wait(self, *words, seconds=60):
        """`tbot wait` as in the pod; returns its exit code."""
        socket = self.dir / "run/diag.sock"
        wait = self.spawn([os.environ["TBOT"], "wait", *words, "--diag-socket", socket], "wait")
        return wait.popen.wait(seconds)

    def test_configuration_is_good_and_holds_no_secret(self):
        done = self.run_tbot("test", "-c", self.configuration(self.cluster()), env=self.environment())
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn("is good: 1 output\n", done.stdout)  # and no warning
        self.assertIn("of 'system:serviceaccount:default:app'", done.stdout)

    def test_waiting_ends_when_the_credentials_are_there(self):
        config = self.configuration(self.cluster())
        socket = self.dir / "run/diag.sock"
        wait = self.spawn([os.environ["TBOT"], "wait", "--for", "serving", "--timeout", "2m", "--diag-socket", socket], "wait")
        agent = self.start(config)
        self.assertEqual(0, wait.popen.wait(100), wait.text())
        self.assertTrue((self.dir / "identity/app/identity").exists())
        agent.must_live()
        done = self.run_tbot("readyz", "--for", "serving", "--diag-socket", socket)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_pod_that_starts_in_an_outage_waits_and_then_goes_on(self):
        authority = self.cluster()
        config = self.configuration(authority)
        authority.command("refuse")
        agent = self.start(config)
        agent.wait_text("joining failed")
        self.assertEqual(4, self.wait("--for", "serving", "--timeout", "100ms"))
        agent.must_live()
        authority.command("clear")
        self.assertEqual(0, self.wait("--for", "serving", "--timeout", "1m", seconds=100))

    def test_container_killed_in_an_outage_serves_on(self):
        authority = self.cluster()
        config = self.configuration(authority)
        first = self.start(config)
        self.assertEqual(0, self.wait("--for", "ready", "--timeout", "1m", seconds=100))
        authority.command("refuse")
        first.kill()
        second = self.start(config, "second")
        self.assertEqual(0, self.wait("--for", "serving", "--timeout", "1m", seconds=100))
        self.assertIn("stored identity loaded", second.text())


class Secret(Pod):
    ACCOUNT = "default:tbot-secret"

    def test_rights_of_the_role_are_enough(self):
        rules = re.findall(r"verbs: \[([a-z, ]+)\]", (KUBERNETES / "secret/role.yaml").read_text())
        verbs = {verb for rule in rules for verb in rule.split(", ")}
        kube = Kube(self.dir, self.issuer.token(audience="https://kubernetes.default.svc"), verbs)
        self.addCleanup(kube.down)
        account = ("      type: kubernetes_secret\n",
                   f"      type: kubernetes_secret\n      service_account_dir: {kube.directory}\n")
        config = self.write("secret", [*self.replaced(self.cluster()), account])
        env = {"KUBERNETES_TOKEN_PATH": str(self.token), **kube.pod()}
        done = self.run_tbot("test", "-c", config, env=env)
        self.assertEqual(0, done.returncode, done.stdout)
        done = self.run_tbot("start", "-c", config, "--oneshot", env=env)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(b"CERTIFICATE", kube.file("app-identity", "tlscert"))


if __name__ == "__main__":
    main()
