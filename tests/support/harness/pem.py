# SPDX-License-Identifier: Apache-2.0
"""Reads what we wrote with other eyes: openssl and ssh-keygen, never our own code."""

import calendar
import re
import time

from .process import run

OID_RENEWABLE = "1.3.9999.1.13"
OID_GENERATION = "1.3.9999.1.14"
OID_IMPERSONATOR = "1.3.9999.2.7"
BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.S)


def output_of(argv, **more):
    done = run(argv, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, argv))}: {done.stderr.strip() or done.stdout}")
    return done.stdout


def not_after(path):
    """The end of a certificate's validity, in seconds since 1970."""
    text = output_of(["openssl", "x509", "-in", path, "-noout", "-enddate"]).strip()
    return calendar.timegm(time.strptime(text, "notAfter=%b %d %H:%M:%S %Y GMT"))


def serial(path):
    return output_of(["openssl", "x509", "-in", path, "-noout", "-serial"]).strip()


def subject(path):
    """The subject as a list of (OID, value)."""
    text = output_of(["openssl", "x509", "-in", path, "-noout", "-subject", "-nameopt",
                      "oid,sep_multiline,utf8"])
    return re.findall(r"^\s+([\d.]+)=(.*)$", text, re.M)


def generation(path):
    """The generation label of a bot's certificate, None when it has none."""
    return next((int(v) for oid, v in subject(path) if oid == OID_GENERATION), None)


def public_key_of_key(path):
    return output_of(["openssl", "pkey", "-in", path, "-pubout"])


def public_key_of_cert(path):
    return output_of(["openssl", "x509", "-in", path, "-noout", "-pubkey"])


def blocks(text):
    """The PEM blocks of a text, in order, as (type, block)."""
    return [(m.group(1), m.group(0)) for m in BLOCK.finditer(text)]


def verify(cert, ca_file, purpose="sslclient"):
    """openssl verify, against these CAs and no others."""
    return output_of(["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", ca_file,
                      "-purpose", purpose, cert])


def ssh_certificate(path):
    """What ssh-keygen says about an SSH certificate."""
    return output_of(["ssh-keygen", "-L", "-f", path])
