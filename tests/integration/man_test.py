# SPDX-License-Identifier: Apache-2.0
"""The manual says what --help says: the same options, the same commands, and nothing else."""

import os
import pathlib
import re

from harness import Case, main, run
from harness.helptext import commands_of, help_of, section

MAN = pathlib.Path(__file__).parents[2] / "man"
# What tbot.1 calls any option and its twin.
PLACEHOLDERS = {"option", "no-option"}
# Help leaves it out, for nobody gives it by hand; it is refused by name.
HIDDEN = {"proxy-templates"}


def options_of_help(text):
    """Names at the beginning of a line, and those listed as not built yet."""
    listed = re.findall(r"^ {2,6}(?:-\w, )?--(?:\[no-\])?([a-z-]+)", text, re.MULTILINE)
    for line in section(text, "Known, and not built yet"):
        listed += re.findall(r"--([a-z-]+)", line)
    return set(listed) - PLACEHOLDERS


def options_of_page(text):
    """What stands behind `Fl`, as in `.It Fl c , Fl -config Ar file`; a switch may be there as its twin."""
    listed = re.findall(r"\bFl -([a-z-]+)", text.replace("\\-", "-"))
    return {name.removeprefix("no-") for name in listed} - PLACEHOLDERS


class Manual(Case):
    def test_tbot_has_the_options_of_help_and_no_others(self):
        commands = commands_of(help_of())
        self.assertGreater(len(commands), 8)
        wanted = options_of_help(help_of())
        for command in [*commands, "ssh-proxy-command"]:
            text = help_of(command)
            wanted |= options_of_help(text)
            for sub in commands_of(text) if command != "help" else ():
                wanted |= options_of_help(help_of(command, sub))
        self.assertEqual(sorted(wanted | HIDDEN), sorted(options_of_page((MAN / "tbot.1").read_text())))

    def test_tbot_has_every_command(self):
        page = (MAN / "tbot.1").read_text()
        for command in commands_of(help_of()):
            self.assertRegex(page, rf"(?m)^\.Cm {command}\b", "not in the synopsis")
            self.assertRegex(page, rf"(?m)^\.It Cm [^\n]*\b{command}\b", "not explained")

    def test_authority_has_the_options_and_commands_of_help(self):
        done = run([os.environ["TBOT_AUTHORITY"], "--help"], None, 60)
        page = (MAN / "tbot-authority.1").read_text()
        wanted = options_of_help(done.stdout) | {"version"}  # which stands beside --help
        self.assertGreater(len(wanted), 12)
        self.assertEqual(sorted(wanted), sorted(options_of_page(page)))
        commands = set()
        for line in section(done.stdout, "Commands"):
            names = re.match(r"  ([a-z-]+)\b(?: [A-Z]+, ([a-z-]+) )?", line)
            commands |= set(names.groups()) - {None} if names else set()
        self.assertGreater(len(commands), 15)
        listed = page[page.index(".Sh COMMANDS"):page.index(".Sh FILES")]
        said = set(re.findall(r"(?m)^\.It Cm ([a-z-]+)", listed)) | set(re.findall(r", Cm ([a-z-]+) Ar", listed))
        self.assertEqual(sorted(commands), sorted(said))

    def test_pages_are_sound(self):
        man = self.need_tool("man")
        self.need_tool("groff")
        for page in sorted(MAN.glob("*.[1-9]")):
            with self.subTest(page=page.name):
                done = run([man, "--warnings", "--local-file", page], {"LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn("SEE ALSO", done.stdout)


if __name__ == "__main__":
    main()
