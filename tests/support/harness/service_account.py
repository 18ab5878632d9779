# SPDX-License-Identifier: Apache-2.0
"""Tokens of Kubernetes service accounts, as a kubelet would write them; openssl signs."""

import base64
import json
import shutil
import time

from .pem import output_of


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs over P-256 (ES256) or, where told so, with RSA (RS256). `directory` is the test's."""

    def __init__(self, directory, name="issuer", ec=True):
        self.directory, self.name, self.ec = directory, name, ec
        self.key = directory / f"{name}.key"
        kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if ec else ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        output_of(["openssl", "genpkey", "-algorithm", *kind, "-out", self.key])

    def jwk(self):
        der = self.directory / f"{self.name}.der"
        output_of(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER", "-out", der])
        if self.ec:
            point = der.read_bytes()[-64:]
            numbers = {"kty": "EC", "crv": "P-256", "x": b64url(point[:32]), "y": b64url(point[32:])}
        else:
            text = output_of(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"]).strip()
            numbers = {"kty": "RSA", "n": b64url(bytes.fromhex(text.partition("=")[2])), "e": "AQAB"}
        return {"use": "sig", "alg": "ES256" if self.ec else "RS256", "kid": self.name, **numbers}

    def jwks(self, *others):
        return json.dumps({"keys": [issuer.jwk() for issuer in (self, *others)]})

    def sign(self, text):
        data, sig = self.directory / "to-be-signed", self.directory / "signature"
        data.write_bytes(text.encode())
        output_of(["openssl", "dgst", "-sha256", "-sign", self.key, "-out", sig, data])
        return sig.read_bytes()

    def raw(self, der):
        """r and s of an ECDSA signature, 32 bytes each."""
        numbers, at = b"", 2
        for _ in range(2):
            length = der[at + 1]
            number = der[at + 2:at + 2 + length].lstrip(b"\0")
            numbers, at = numbers + number.rjust(32, b"\0"), at + 2 + length
        return numbers

    def token(self, audience="example", account="default:robot", lives=600, age=0, pod=True, **claims):
        """A JWT; `age` is how long ago it was issued, `lives` how long from then."""
        namespace, _, name = account.partition(":")
        issued = int(time.time()) - age
        body = {"iss": "https://kubernetes.default.svc", "sub": f"system:serviceaccount:{account}",
                "aud": [audience], "iat": issued, "nbf": issued, "exp": issued + lives,
                "kubernetes.io": {"namespace": namespace,
                                  "serviceaccount": {"name": name, "uid": "1"}}}
        if pod:
            body["kubernetes.io"]["pod"] = {"name": "robot-0", "uid": "2"}
        header = {"alg": "ES256" if self.ec else "RS256", "kid": self.name, "typ": "JWT"}
        text = ".".join(b64url(json.dumps(part).encode()) for part in (header, {**body, **claims}))
        signature = self.sign(text)
        return f"{text}.{b64url(self.raw(signature) if self.ec else signature)}"


def put(path, token):
    """Replaces a token as a kubelet does in a projected volume: by the one link that all files go through."""
    generation = path.parent / f"..{time.monotonic_ns()}"
    link, new = path.parent / "..data", path.parent / "..data_tmp"
    generation.mkdir()
    (generation / path.name).write_text(token)
    before = link.resolve() if link.is_symlink() else None
    new.symlink_to(generation.name)
    new.rename(link)
    if not path.is_symlink():
        path.symlink_to(f"..data/{path.name}")
    if before:
        shutil.rmtree(before)
