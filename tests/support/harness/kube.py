# SPDX-License-Identifier: Apache-2.0
"""A small Kubernetes API server: secrets, and what a real one checks before it lets anybody near them.

Server-side apply with field managers and conflicts, dry runs, resource versions, bearer tokens, RBAC by verb,
namespaces. TLS with a CA of its own; `pod()` is the environment and the directory that a pod would have.
"""

import base64
import collections
import copy
import http.server
import json
import re
import socket
import ssl
import threading
import urllib.parse

from .pem import output_of
from .service_account import put

SECRET_MAX = 1 << 20
PATH = re.compile(r"/api/v1/namespaces/([^/?]+)/secrets/([^/?]+)")

Request = collections.namedtuple("Request", "method name dry_run status force")


class Refusal(Exception):
    """An answer other than 2xx, as Kubernetes words it."""

    def __init__(self, code, reason, message, kind=None, causes=()):
        super().__init__(message)
        details = {"causes": list(causes), **({"kind": kind} if kind else {})}
        self.code = code
        self.body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                     "message": message, "reason": reason, "details": details, "code": code}


def fields_of(document):
    """What can be owned, as ".data.name", with its value."""
    found = {}
    for section in ("data", "labels"):
        where = document.get("metadata", {}) if section == "labels" else document
        for name, value in (where.get(section) or {}).items():
            found[f".{section}.{name}"] = value
    if "type" in document:
        found[".type"] = document["type"]
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.api.handle(self)

    do_PATCH = do_PUT = do_POST = do_DELETE = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def get_request(self):
        connection, address = super().get_request()
        return self.api.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request, address):
        if self.api.is_answered(request):
            super().process_request(request, address)

    def handle_error(self, request, address):
        pass  # a client that does not trust us, or hangs up


def bound_server():
    """On a port that was asked for by number: Linux lets go of any other with the end of listening."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        try:
            return Server(("127.0.0.1", port), Handler)
        except OSError:
            pass  # somebody was quicker


class Kube:
    """`directory` is the test's. Nobody may do anything but by `tokens` (bearer) and `verbs`."""

    def __init__(self, directory, token, verbs=("get", "create", "patch"), namespaces=("apps",)):
        self.directory = directory / "serviceaccount"
        self.directory.mkdir()
        self.tokens, self.verbs, self.namespaces = {token}, set(verbs), set(namespaces)
        self.secrets = {}  # (namespace, name) -> document, its fields' managers beside it in `owners`
        self.owners = {}   # (namespace, name) -> {field: {(manager, operation)}}
        self.version = 100
        self.requests = []
        self.faults = []
        self.held = None  # while it hangs: whoever has come
        self.lock = threading.Lock()
        self.make_certificates()
        self.server = bound_server()
        self.server.api = self
        self.port = self.server.server_address[1]
        (self.directory / "namespace").write_text("apps\n")
        self.give(token)
        self.up()

    # What a pod has.

    def pod(self):
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port)}

    def give(self, token):
        """Puts a token where the kubelet does."""
        put(self.directory / "token", token)

    def make_certificates(self):
        key, ca = self.directory / "ca.key", self.directory / "ca.crt"
        leaf_key, request, leaf = (self.directory / f"server.{end}" for end in ("key", "csr", "crt"))
        extensions = self.directory / "server.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:kubernetes.default.svc\n")
        ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        output_of(["openssl", "req", "-x509", *ec, "-keyout", key, "-out", ca, "-days", "2", "-subj", "/CN=kubernetes",
                   "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"])
        output_of(["openssl", "req", *ec, "-keyout", leaf_key, "-out", request, "-subj", "/CN=kube-apiserver"])
        output_of(["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", key, "-CAcreateserial",
                   "-days", "2", "-extfile", extensions, "-out", leaf])
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(leaf, leaf_key)
        self.tls.set_alpn_protocols(["h2", "http/1.1"])

    # Outages.

    def up(self):
        self.server.socket.listen(16)
        self.is_up = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self):
        """Connections are refused from here on; the port stays ours."""
        if self.is_up:
            self.server.shutdown()
            self.server.socket.shutdown(socket.SHUT_RDWR)
        self.is_up = False

    def hang(self):
        """Whoever comes from here on is let in and hears nothing, not even a handshake; until answer_again()."""
        with self.lock:
            self.held = []

    def is_answered(self, connection):
        with self.lock:
            if self.held is not None:
                self.held.append(connection)
            return self.held is None

    def answer_again(self):
        with self.lock:
            held, self.held = self.held or [], None
        for connection in held:
            connection.close()

    def close(self):
        self.answer_again()
        self.down()
        self.server.server_close()

    def fault(self, what, count=1, verb=None):
        """`what` is a Refusal, "drop", "garbage" or "huge"; for the next `count` requests, of one verb."""
        with self.lock:
            self.faults += [(what, verb)] * count

    def take_fault(self, verb):
        for i, (what, only) in enumerate(self.faults):
            if only in (None, verb):
                del self.faults[i]
                return what
        return None

    # What was asked, and what there is.

    def count(self, method, dry_run=False, status=None):
        with self.lock:
            return sum(r.method == method and r.dry_run == dry_run and status in (None, r.status)
                       for r in self.requests)

    def applies(self):
        """Successful writes."""
        return self.count("PATCH", status=200) + self.count("PATCH", status=201)

    def secret(self, name, namespace="apps"):
        with self.lock:
            return copy.deepcopy(self.secrets.get((namespace, name)))

    def file(self, name, file, namespace="apps"):
        """The bytes of one entry, or None."""
        value = (self.secret(name, namespace) or {}).get("data", {}).get(file)
        return value and base64.b64decode(value, validate=True)

    def delete(self, name, namespace="apps"):
        with self.lock:
            self.secrets.pop((namespace, name), None)
            self.owners.pop((namespace, name), None)

    def put(self, name, manager, data, namespace="apps", kind="Opaque"):
        """Somebody else's doing, with another tool: what he changes is his from then on."""
        with self.lock:
            key = (namespace, name)
            document = self.secrets.setdefault(key, {"metadata": {"uid": "1"}, "type": kind, "data": {}})
            owners = self.owners.setdefault(key, {})
            for file, text in data.items():
                document["data"][file] = base64.b64encode(text.encode()).decode()
                owners[f".data.{file}"] = {(manager, "Update")}
            self.stamp(document)

    def stamp(self, document):
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)

    # Answering.

    def handle(self, h):
        path, _, query = h.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        verb = {"GET": "get", "PATCH": "patch"}.get(h.command, h.command.lower())
        headers = {}
        with self.lock:
            try:
                fault = self.take_fault(verb)
                if isinstance(fault, Refusal):
                    headers = getattr(fault, "headers", {})
                    raise fault
                code, document = self.answer(h, path, query, body) if fault is None else (200, fault)
            except Refusal as refusal:
                code, document = refusal.code, refusal.body
            name = path.rpartition("/")[2]
            self.requests.append(Request(h.command, name, query.get("dryRun") == "All",
                                         0 if document == "drop" else code, query.get("force") == "true"))
        self.send(h, code, document, headers)

    def send(self, h, code, document, headers):
        if document == "drop":
            h.close_connection = True
            return
        text = {"garbage": b"<html>not today", "huge": b" " * (8 << 20)}.get(document) if isinstance(document, str) \
            else json.dumps(document).encode()
        h.send_response(code)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(text), **headers}.items():
            h.send_header(name, value)
        h.end_headers()
        h.wfile.write(text)

    def answer(self, h, path, query, body):
        where = PATH.fullmatch(path)
        if h.headers.get("Host") != f"127.0.0.1:{self.port}":
            raise Refusal(400, "BadRequest", f"host {h.headers.get('Host')!r}")
        if h.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise Refusal(401, "Unauthorized", "Unauthorized")
        if not where:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if h.command == "GET":
            return 200, self.get(*where.groups())
        if h.command == "PATCH":
            return self.patch(h, *where.groups(), query, body)
        raise Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def allow(self, verb, namespace, name):
        if verb not in self.verbs:
            raise Refusal(403, "Forbidden", f'secrets "{name}" is forbidden: User "system:serviceaccount:apps:robot" '
                          f'cannot {verb} resource "secrets" in API group "" in the namespace "{namespace}"', "secrets")

    def get(self, namespace, name):
        self.allow("get", namespace, name)
        if (namespace, name) not in self.secrets:
            raise Refusal(404, "NotFound", f'secrets "{name}" not found', "secrets")
        return self.show(namespace, name)

    def show(self, namespace, name):
        key = (namespace, name)
        managed = {who for owners in self.owners.get(key, {}).values() for who in owners}
        document = copy.deepcopy(self.secrets[key])
        document["metadata"]["managedFields"] = [
            {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1"}
            for manager, operation in sorted(managed)]
        return {"kind": "Secret", "apiVersion": "v1", **document}

    def patch(self, h, namespace, name, query, body):
        self.allow("patch", namespace, name)
        if h.headers.get("Content-Type") != "application/apply-patch+yaml":
            raise Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        if not query.get("fieldManager"):
            raise Refusal(400, "BadRequest", "fieldManager is required for apply patch")
        wanted = self.check(json.loads(body), namespace, name)
        if namespace not in self.namespaces:
            raise Refusal(404, "NotFound", f'namespaces "{namespace}" not found', "namespaces")
        is_new = (namespace, name) not in self.secrets
        if is_new:
            self.allow("create", namespace, name)
        document, owners = self.apply(namespace, name, wanted, query)
        if query.get("dryRun") != "All":
            self.secrets[namespace, name], self.owners[namespace, name] = document, owners
            self.stamp(document)
        if "PartialObjectMetadata" in h.headers.get("Accept", ""):
            return 201 if is_new else 200, {"kind": "PartialObjectMetadata", "metadata": document["metadata"]}
        return 201 if is_new else 200, document

    def check(self, wanted, namespace, name):
        metadata = wanted.get("metadata", {})
        if wanted.get("apiVersion") != "v1" or wanted.get("kind") != "Secret":
            raise Refusal(400, "BadRequest", "not a v1 Secret")
        if metadata.get("name") != name or metadata.get("namespace", namespace) != namespace:
            raise Refusal(400, "BadRequest", "the name of the object does not match the name on the URL")
        if "managedFields" in metadata:
            raise Refusal(400, "BadRequest", "metadata.managedFields must be nil")
        size = sum(len(base64.b64decode(value, validate=True)) for value in wanted.get("data", {}).values())
        if size > SECRET_MAX:
            raise Refusal(422, "Invalid", f'Secret "{name}" is invalid: data: Too long', "Secret")
        return wanted

    def apply(self, namespace, name, wanted, query):
        key, me = (namespace, name), (query["fieldManager"], "Apply")
        document = copy.deepcopy(self.secrets.get(key, {"metadata": {"uid": "2", "resourceVersion": "0"}, "data": {}}))
        owners = copy.deepcopy(self.owners.get(key, {}))
        before, after = fields_of(document), fields_of(wanted)
        version = wanted["metadata"].get("resourceVersion")
        if version and version != document["metadata"]["resourceVersion"]:
            raise Refusal(409, "Conflict", "the object has been modified; please apply your changes to the latest version")
        if before.get(".type", wanted["type"]) != wanted["type"]:
            raise Refusal(422, "Invalid", f'Secret "{name}" is invalid: type: field is immutable', "Secret")
        clashes = [(field, other) for field, value in after.items() for other in owners.get(field, ())
                   if other != me and before.get(field) != value]
        if clashes and query.get("force") != "true":
            raise Refusal(409, "Conflict", f"Apply failed with {len(clashes)} conflict: " + "\n- ".join(
                f'conflict with "{other[0]}": {field}' for field, other in clashes), "secrets",
                [{"reason": "FieldManagerConflict", "message": f'conflict with "{other[0]}"', "field": field}
                 for field, other in clashes])
        for field, other in clashes:
            owners[field].discard(other)
        for field in [f for f, who in owners.items() if me in who and f not in after]:
            owners[field].discard(me)
            if not owners[field]:
                del owners[field]
                document["data"].pop(field.removeprefix(".data."), None)
                document["metadata"].get("labels", {}).pop(field.removeprefix(".labels."), None)
        for field in after:
            owners.setdefault(field, set()).add(me)
        document["type"] = wanted["type"]
        document.setdefault("data", {}).update(wanted.get("data", {}))
        document["metadata"].update(name=name, namespace=namespace)
        document["metadata"].setdefault("labels", {}).update(wanted["metadata"].get("labels", {}))
        return document, owners


def busy(seconds):
    """429, to be asked again after a while."""
    refusal = Refusal(429, "TooManyRequests", "too many requests, please try again later")
    refusal.headers = {"Retry-After": str(seconds)}
    return refusal
