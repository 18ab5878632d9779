# SPDX-License-Identifier: Apache-2.0
"""A real one-node Teleport cluster on loopback, seen from the outside: its programs and their output.

TELEPORT_BIN names the directory with `teleport` and `tctl`. It has the attributes of Authority that
Agent needs, so that an agent is pointed at either alike.
"""

import getpass
import json
import os
import pathlib
import re
import socket

from .process import run
from .waiting import wait_until

# Keeps the server from asking the network for its place in a cloud and for newer releases.
NO_NETWORK = {"AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": "http://127.0.0.1:9",
              "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}

CONFIG = """\
version: v3
teleport:
  nodename: node
  data_dir: {data}
  advertise_ip: 127.0.0.1
  auth_server: {auth}
  log: {{ output: stderr, severity: INFO }}
auth_service:
  enabled: "yes"
  cluster_name: example
  listen_addr: {auth}
  proxy_listener_mode: {mode}
  session_recording: "off"
  authentication: {{ type: local, second_factor: "off" }}
proxy_service:
  enabled: "yes"
  web_listen_addr: {web}
  public_addr: ["{web_public}"]
{separate}ssh_service:
  enabled: "yes"
  listen_addr: {node}
"""

SEPARATE = """\
  listen_addr: {ssh}
  ssh_public_addr: ["{ssh_public}"]
  tunnel_listen_addr: {tunnel}
"""

ROLE = """\
kind: role
version: v7
metadata: {{ name: robot-ssh }}
spec:
  allow:
    logins: [{login}]
    node_labels: {{ '*': '*' }}
    rules:
      - {{ resources: [node], verbs: [list, read] }}
"""


def free_ports(count):
    """Ports that were free a moment ago: the server cannot be asked to choose its own."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Teleport:
    """`mode` is "multiplex" or "separate". `spawn` and `directory` are the test's."""

    def __init__(self, spawn, directory, mode):
        self.bin = pathlib.Path(os.environ["TELEPORT_BIN"])
        self.data = directory / "data"
        self.config = directory / "teleport.yaml"
        auth, web, self.node_port, ssh, tunnel = free_ports(5)
        self.auth_addr = f"127.0.0.1:{auth}"
        self.web_addr = f"localhost:{web}"
        separate = SEPARATE.format(ssh=f"127.0.0.1:{ssh}", ssh_public=f"localhost:{ssh}",
                                   tunnel=f"127.0.0.1:{tunnel}")
        self.config.write_text(CONFIG.format(
            data=self.data, auth=self.auth_addr, mode=mode, web=f"127.0.0.1:{web}",
            web_public=self.web_addr, node=f"127.0.0.1:{self.node_port}",
            separate=separate if mode == "separate" else ""))
        self.login = getpass.getuser()
        self.token = None
        self.process = spawn([self.bin / "teleport", "start", "-c", self.config], f"teleport-{mode}",
                             NO_NETWORK)
        wait_until("a node in the real cluster", lambda: "node" in self.try_tctl("nodes", "ls"), 60,
                   self.process.must_live)
        self.ca_pin = re.search(r"sha256:[0-9a-f]{64}", self.tctl("status")).group(0)
        role = directory / "role.yaml"
        role.write_text(ROLE.format(login=self.login))
        self.tctl("create", "-f", role)

    @property
    def web_certificate(self):
        """What makes the proxy's self-signed certificate trusted: for SSL_CERT_FILE."""
        return self.data / "webproxy_cert.pem"

    def run_tctl(self, *args):
        return run([self.bin / "tctl", "-c", self.config, *args], NO_NETWORK)

    def try_tctl(self, *args):
        return self.run_tctl(*args).stdout

    def tctl(self, *args):
        done = self.run_tctl(*args)
        if done.returncode:
            raise AssertionError(f"tctl {' '.join(map(str, args))}: {done.stderr}")
        return done.stdout

    def add_bot(self, name):
        """Makes a bot; its single-use join token becomes `token`."""
        text = self.tctl("bots", "add", name, "--roles=robot-ssh", "--format=json")
        self.token = json.loads(text)["token_id"]

    def add_pod_bot(self, name, jwks, account):
        """Makes a bot that the pods of a service account may join as; the name of what lets them in becomes
        `token`."""
        self.token = f"{name}-pods"
        resource = self.data.parent / f"{self.token}.yaml"
        resource.write_text(json.dumps({
            "kind": "token", "version": "v2", "metadata": {"name": self.token},
            "spec": {"roles": ["Bot"], "bot_name": name, "join_method": "kubernetes",
                     "kubernetes": {"type": "static_jwks", "static_jwks": {"jwks": jwks},
                                    "allow": [{"service_account": account}]}}}))
        self.tctl("create", "-f", resource)
        self.tctl("bots", "add", name, "--roles=robot-ssh", f"--token={self.token}")

    def tctl_as(self, identity, *args):
        """tctl with an identity file instead of the server's own rights."""
        return run([self.bin / "tctl", "-i", identity, "--auth-server", self.auth_addr, *args],
                   NO_NETWORK)
