# SPDX-License-Identifier: Apache-2.0
"""docs/ tells the truth: its commands run, its messages are the program's, each error code has its section."""

import os
import pathlib
import re
import shlex
import subprocess

from harness import Case, main
from harness.process import clean_environment

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
# What the system, the libraries and the cluster say; their words are not in our sources.
FOREIGN = {os.strerror(number) for number in range(1, 134)} | {
    "Name or service not known", "unable to get local issuer certificate", "lock targeting User:\"bot-", "is in force",
    "the token is expired or not found", "access denied"}


def blocks(text, language):
    """The fenced blocks of a language."""
    return [block for _, block in re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)]


def headings(text):
    """The anchors of a page, as they are made of its headings."""
    plain = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", plain, re.MULTILINE)}


def literals():
    """Every string of our C sources, adjacent ones as one, what is filled in as "…"."""
    found = []
    for path in sorted(ROOT.glob("*/**/*.[ch]")):
        if path.relative_to(ROOT).parts[0] in ("tests", "authority", "build"):
            continue
        # A comment's and a character's quotes begin no string.
        code = re.sub(r"/\*.*?\*/|'\"'", "", path.read_text(), flags=re.DOTALL)
        for run_of_strings in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', code):
            joined = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', run_of_strings))
            found.append(re.sub(r"%[-.*0-9]*(?:ll|z)?[a-zA-Z]", "…", joined.replace('\\"', '"')))
    return "\n".join(found)


class Pages(Case):
    def test_index_names_every_page(self):
        index = (DOCS / "README.md").read_text()
        for page in sorted(DOCS.glob("*.md")):
            if page.name != "README.md":
                self.assertIn(f"]({page.name})", index)

    def test_links_into_pages_lead_to_a_heading(self):
        """That the files are there is for scripts/check-docs."""
        pages = [*DOCS.glob("*.md"), *ROOT.glob("*.md")]
        for page in pages:
            for target, anchor in re.findall(r"\]\(([^):#]*\.md)?#([^)]+)\)", page.read_text()):
                with self.subTest(page=page.name, link=f"{target}#{anchor}"):
                    self.assertIn(anchor, headings((page.parent / target if target else page).read_text()))

    def test_command_lines_are_ones_the_program_takes(self):
        """Each `tbot …` line of the pages, asked for its help: that parses all its options."""
        lines = set()
        for page in [*DOCS.glob("*.md"), ROOT / "README.md"]:
            for block in blocks(page.read_text(), "(?:sh)?"):
                for line in block.replace("\\\n", " ").splitlines():
                    words = line.strip().removeprefix("$ ").split("#")[0].rstrip("& ")
                    if re.match("tbot [a-z]", words) and not re.search(r"[|<>…]| && ", words):
                        lines.add(words)
        self.assertGreater(len(lines), 12)
        for line in sorted(lines):
            with self.subTest(line=line):
                done = self.run_tbot(*shlex.split(line)[1:], "--help")
                self.assertEqual((0, ""), (done.returncode, done.stderr))


class Troubleshooting(Case):
    page = (DOCS / "troubleshooting.md").read_text()

    def codes(self):
        header = (ROOT / "base/err.h").read_text()
        listed = header[header.index("enum err_code"):header.index("ERR_CODE_COUNT")]
        return {name.lower() for name in re.findall(r"^    ERR_(\w+)", listed, re.MULTILINE)} - {"ok"}

    def test_each_code_has_its_section(self):
        sections = re.findall(r"^## (\w+)$", self.page, re.MULTILINE)
        self.assertEqual(sorted(self.codes()), sorted(sections))
        for code in sections:
            self.assertIn(f"[{code}](#{code})", self.page)

    def test_each_section_has_messages_with_remedies(self):
        for section in self.page.split("\n## ")[1:]:
            rows = [row for row in re.findall(r"^\| (.+) \|$", section, re.MULTILINE) if not row.startswith("message")]
            self.assertTrue(rows, section)
            for row in rows:
                self.assertEqual(3, len(row.split(" | ")), row)

    def test_messages_are_those_of_the_program(self):
        said = literals()
        foreign = "|".join(map(re.escape, sorted(FOREIGN, key=len, reverse=True)))
        begin = self.page.index("\n## unavailable")
        for row in re.findall(r"^\| (.+?) \| .+ \|$", self.page[begin:], re.MULTILINE):
            for message in re.findall(r"`([^`]+)`", row):
                if message.startswith(("tbot ", "--oneshot", "(")):
                    continue
                for piece in re.split(r"'?…'?|: ", message):
                    with self.subTest(message=message):
                        self.assertTrue(re.sub(foreign, "", piece).strip(": '") in said, "the program does not say this")


class FirstJoin(Case):
    """The page, followed to the letter, with the development authority as the cluster and a directory as the root."""

    def place(self, text, authority):
        text = text.replace("teleport.example.com:443", authority.web_addr)
        for path in ("/etc/tbot", "/var/lib/tbot", "/srv/identity"):
            text = text.replace(path, f"{self.dir}{path}")
        return text

    def test_commands_lead_to_credentials_that_stay(self):
        authority = self.authority()
        for parent in ("etc", "var/lib", "srv"):
            (self.dir / parent).mkdir(parents=True)
        page = (DOCS / "first-join.md").read_text()
        commands = self.place("\n".join(blocks(page, "sh")), authority)
        # The agent of the last step, which a person leaves running, has to end with the test.
        self.assertIn("tbot.yaml &\n", commands)
        script = f"set -eux\ntrap 'kill $!' EXIT\n{commands}\n"
        path = f"{pathlib.Path(os.environ['TBOT']).parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", script], input=authority.token, text=True, capture_output=True, timeout=200,
                              check=False, env=clean_environment({"PATH": path, "SSL_CERT_FILE": str(authority.web_ca)}))
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn("state      ok", done.stdout)
        self.assertIn("tlscert", done.stdout)
        self.assertNotIn(authority.token, done.stdout + done.stderr)


if __name__ == "__main__":
    main()
