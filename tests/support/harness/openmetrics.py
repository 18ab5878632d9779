# SPDX-License-Identifier: Apache-2.0
"""Reads metrics in the OpenMetrics text format 1.0, strictly: what a careful consumer would refuse is refused."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
NUMBER = r"(?:[+-]?(?:Inf|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN)"
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? ({NUMBER})(?: {NUMBER})?")
DESCRIBES = re.compile(rf"# (HELP|TYPE|UNIT) ({NAME}) (.*)")
SUFFIXES = {"counter": ("_total", "_created"), "gauge": ("",), "unknown": ("",), "info": ("_info",), "stateset": ("",),
            "histogram": ("_bucket", "_sum", "_count", "_created"), "summary": ("", "_sum", "_count", "_created")}


class Refused(AssertionError):
    pass


class Family:
    def __init__(self, name):
        self.name = name
        self.type = "unknown"
        self.said = set()
        self.samples = []  # (name, {label: value}, number)


def need(what, line, true):
    if not true:
        raise Refused(f"{what}: {line!r}")


def labels_of(text, line):
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"', text or "")
    need("a label twice", line, len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def check_histogram(family):
    groups = {}
    for name, labels, number in family.samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        groups.setdefault(key, {}).setdefault(name[len(family.name):], []).append((labels.get("le"), number))
    for key, group in groups.items():
        buckets = group.get("_bucket", [])
        bounds = [float(le) for le, _ in buckets]
        counts = [number for _, number in buckets]
        need("bounds in no order", key, bounds == sorted(bounds) and len(set(bounds)) == len(bounds))
        need("no bucket for everything", key, bounds and bounds[-1] == float("inf"))
        need("buckets do not add up", key, counts == sorted(counts))
        need("a bound without its point", key, all(le == "+Inf" or "." in le or "e" in le for le, _ in buckets))
        need("no sum and count", key, len(group.get("_sum", [])) == 1 and len(group.get("_count", [])) == 1)
        need("the count is not the last bucket's", key, group["_count"][0][1] == counts[-1])


def check(family):
    seen = set()
    for name, labels, number in family.samples:
        key = (name, tuple(sorted(labels.items())))
        need("a series twice", key, key not in seen)
        seen.add(key)
        need("a counter below zero", key, family.type != "counter" or number >= 0)
        need("a label 'le' outside of buckets", key, "le" not in labels or name.endswith("_bucket"))
    if family.type == "histogram":
        check_histogram(family)


def describe(families, family, match, line):
    word, name, text = match.groups()
    if not family or family.name != name:
        need("a family twice", line, name not in families)
        family = families[name] = Family(name)
    need(f"{word} twice", line, word not in family.said)
    need(f"{word} behind its samples", line, not family.samples)
    family.said.add(word)
    if word == "TYPE":
        need("an unknown type", line, text in SUFFIXES)
        need("a counter's family with _total", line, text != "counter" or not name.endswith("_total"))
        family.type = text
    if word == "UNIT":
        need("a unit that the name does not end in", line, not text or name.endswith("_" + text))
    return family


def parse(text):
    """The families by name; raises Refused."""
    lines = text.split("\n")
    need("no end", lines[-2:], lines[-2:] == ["# EOF", ""])
    families, family = {}, None
    for line in lines[:-2]:
        match = DESCRIBES.fullmatch(line)
        if match:
            family = describe(families, family, match, line)
            continue
        match = SAMPLE.fullmatch(line)
        need("neither a sample nor a description", line, match)
        name, labels, number = match.groups()
        need("a sample outside of its family", line,
             family and name in [family.name + suffix for suffix in SUFFIXES[family.type]])
        family.samples.append((name, labels_of(labels, line), float(number)))
    for family in families.values():
        check(family)
    return families
