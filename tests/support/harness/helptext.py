# SPDX-License-Identifier: Apache-2.0
"""What `tbot … --help` says, taken apart."""

import os
import re

from .process import run


def help_of(*words):
    done = run([os.environ["TBOT"], *words, "--help"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def section(text, title):
    """The lines under "Title…:"."""
    found = re.search(rf"^{title}[^\n]*:\n((?:  .*\n)+)", text, re.MULTILINE)
    return found.group(1).splitlines() if found else []


def commands_of(text):
    return [line.split()[0] for line in section(text, "Commands")]
