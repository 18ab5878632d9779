# SPDX-License-Identifier: Apache-2.0
"""A program that reads an output's files as fast as it can while they are renewed, and counts what it meets.

    python3 -m harness.busy_reader names|generation DIRECTORY

reads key and certificate back to back until SIGTERM, then prints its counts as JSON. With `names` it
opens each file by its name, in both orders, and where the two do not belong together again until they do: at once
is enough unless the writer has to wait for a processor or the disk between two renames;
with `generation` it opens the directory `..data` once for each pair. Both also read `identity`.

Keys must be P-256: their PKCS#8 form ends with the public point, which the certificate has too.
"""

import base64
import json
import os
import re
import signal
import sys
import time

BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=\n]+)-----END \1-----\n")
POINT_LEN = 65
PATIENCE_S = 10


def read(path, dir_fd=None):
    """The content, None when there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        return file.read()


def whole(text):
    """The blocks of a file that consists of nothing else; none when it is cut."""
    blocks = BLOCK.findall(text)
    size = sum(len(match.group()) for match in BLOCK.finditer(text))
    return blocks if blocks and size == len(text) else []


def belong(key, cert):
    point = base64.b64decode(key[1])[-POINT_LEN:]
    assert point[0] == 4, "not a P-256 key"
    return point in base64.b64decode(cert[1])


class Reader:
    def __init__(self, directory):
        self.directory = directory
        self.counts = dict(pairs=0, identities=0, cut=0, missing=0, late=0, mixed=0,
                           wrong_at_once=0, wrong_for_long=0, identity_cut=0, identity_mixed=0)

    def pair(self, names, dir_fd=None):
        """What is wrong with the two files; None when they are whole and belong together."""
        at = "" if dir_fd is not None else self.directory + "/"
        texts = {name: read(at + name, dir_fd) for name in names}
        self.counts["pairs"] += 1
        if None in texts.values():
            return "missing"
        blocks = {name: whole(text) for name, text in texts.items()}
        if not all(blocks.values()):
            return "cut"
        return None if belong(blocks["key"][0], blocks["tlscert"][0]) else "mixed"

    def by_names(self, names):
        wrong = self.pair(names)
        if wrong:
            self.counts[wrong] += 1
            self.again(names)

    def again(self, names):
        if self.pair(names) is None:
            return
        self.counts["wrong_at_once"] += 1
        until = time.monotonic() + PATIENCE_S
        while self.pair(names) is not None:
            if time.monotonic() > until:
                self.counts["wrong_for_long"] += 1
                return

    def by_generation(self, names):
        fd = os.open(self.directory + "/..data", os.O_RDONLY | os.O_DIRECTORY)
        wrong = self.pair(names, fd)
        os.close(fd)
        if wrong:
            # Missing: two renewals went by since, which only happens where they come in no time.
            self.counts["late" if wrong == "missing" else wrong] += 1

    def identity(self):
        text = read(self.directory + "/identity")
        self.counts["identities"] += 1
        blocks = BLOCK.findall(text) if text else []
        if len(blocks) < 3 or not text.endswith(b"-----END CERTIFICATE-----\n"):
            self.counts["identity_cut"] += 1
        elif not belong(blocks[0], blocks[1]):
            self.counts["identity_mixed"] += 1


def main(how, directory):
    reader = Reader(directory)
    end = []
    signal.signal(signal.SIGTERM, lambda *_: end.append(True))
    once = reader.by_names if how == "names" else reader.by_generation
    while not end:
        once(("key", "tlscert"))
        once(("tlscert", "key"))
        reader.identity()
    print(json.dumps(reader.counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
