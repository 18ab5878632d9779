# SPDX-License-Identifier: Apache-2.0
"""`tbot completion`: real shells, asked at many places of a line, offer what --help shows there, and nothing else."""

import re
import shlex

from harness import Case, main, run
from harness.helptext import commands_of, help_of

# Each defines ask WORD…: completes the last word of that line, prints one candidate a line, then an end mark.
# zsh's own completion functions run only under its line editor: the script must call these, with these arrays.
ASK = {
    "bash": """
source "$1"
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _tbot
    printf '%s\\n' "${COMPREPLY[@]}"
    echo END
}
""",
    "zsh": """
source "$1"
_describe() {
    [[ $1 == -o ]] && shift
    print -lr -- "${(@P)2%%:*}"
}
_files() {
    if [[ $1 == -/ ]]; then print -lr -- *(N/); else print -lr -- *(N); fi
}
compset() { : }
ask() {
    local -a words=("$@")
    local -i CURRENT=$#
    _tbot
    echo END
}
""",
    "fish": """
source "$argv[1]"
function ask
    complete -C "$argv" | string replace -r '\\t.*' ''
    echo END
end
""",
}
START = {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}


def options_of(text):
    """Every spelling of every option in a help."""
    shown = text.split("\nKnown, and not built yet:")[0]
    spellings = set()
    for letter, twin, name in re.findall(r"^  (?:-(\w), |    )--(\[no-\])?([a-z0-9-]+)", shown, re.MULTILINE):
        spellings.add(f"--{name}")
        if letter:
            spellings.add(f"-{letter}")
        if twin:
            spellings.add(f"--no-{name}")
    return spellings


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.place = self.dir / "place"
        (self.place / "folder").mkdir(parents=True)
        (self.place / "a.yaml").write_text("")

    def all_commands(self):
        """Every command and sub-command that help names, as words; [] for the program itself."""
        lines = [[]]
        for command in commands_of(help_of()):
            lines.append([command])
            subs = commands_of(help_of(command)) if command != "help" else []
            lines.extend([command, sub] for sub in subs)
        return lines

    def ask(self, shell, lines):
        """For each line, given as words, what the shell offers in place of its last word."""
        self.need_tool(shell)
        made = self.run_tbot("completion", shell)
        self.assertEqual(0, made.returncode, made.stderr)
        script, asking = self.dir / "script", self.dir / "asking"
        script.write_text(made.stdout)
        sound = run([shell, "-n", script], {"HOME": str(self.dir)}, 60)
        self.assertEqual((0, "", ""), (sound.returncode, sound.stdout, sound.stderr))
        asking.write_text(ASK[shell] + "".join(f"ask {shlex.join(['tbot', *line])}\n" for line in lines))
        done = run(["env", "-C", self.place, *START[shell], asking, script],
                   {"HOME": str(self.dir), "LC_ALL": "C.UTF-8"}, 240)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        answers = done.stdout.split("END\n")[:-1]
        self.assertEqual(len(lines), len(answers))
        return [{word for word in answer.splitlines() if word} for answer in answers]

    def hold_against_help(self, shell):
        commands = self.all_commands()
        self.assertGreater(len(commands), 15)
        double = self.ask(shell, [[*command, "--"] for command in commands])
        single = self.ask(shell, [[*command, "-"] for command in commands])
        for command, long, short in zip(commands, double, single):
            with self.subTest(shell=shell, command=command):
                self.assertEqual(options_of(help_of(*command)), long | short)

    def hold_words_against_help(self, shell):
        commands = self.all_commands()
        for command, offered in zip(commands, self.ask(shell, [[*command, ""] for command in commands])):
            with self.subTest(shell=shell, command=command):
                text = help_of(*command)
                usage = text.splitlines()[0].removeprefix("Usage: tbot")
                # "a|b" behind the command, not behind an option
                groups = re.findall(r"(?<!-for )\[?\b([a-z]+(?:\|[a-z]+)+)", usage)
                either = {word for group in groups for word in group.split("|")}
                # "tbot install systemd"
                either |= {word for word in usage.split() if re.fullmatch("[a-z-]*[a-z]", word)} - set(command)
                if command and command[-1] in either:
                    either = set()
                if len(command) == 1 and command != ["help"]:
                    either |= set(commands_of(text))
                self.assertEqual(either or offered, offered)
        self.assertEqual([set(commands_of(help_of()))], self.ask(shell, [[""]]))

    def hold_values(self, shell):
        """What is offered as a value, and as the next word behind one."""
        both, folder = {"a.yaml", "folder"}, {"folder"}
        cases = [
            (["start", "--startup", ""], {"auto", "wait", "exit"}),
            (["--log-format", ""], {"text", "json"}),
            (["wait", "--for", ""], {"ready", "serving"}),
            (["start", "-c", ""], both),
            (["start", "--data-dir", ""], folder),
            (["start", "identity", "--storage", ""], folder),
            (["debug", "profile", "-o", ""], both),
            (["status", "--token", ""], both),
            (["start", "--token", ""], set()),
            (["-d", "debug", "set-log-level", "--for", "1m", ""], {"debug", "info", "warn", "error"}),
            (["--config", "start", "debug", ""], {"get-log-level", "set-log-level", "profile", "metrics", "dump"}),
            (["debug", "profile", "heap", ""], set()),
            (["status", "--watch", ""], set()),
            (["help", ""], {*commands_of(help_of()), "config"}),
        ]
        for (line, expected), offered in zip(cases, self.ask(shell, [line for line, _ in cases])):
            with self.subTest(shell=shell, line=line):
                self.assertEqual(expected, {word.rstrip("/") for word in offered})

    def test_bash_offers_the_options_of_help(self):
        self.hold_against_help("bash")

    def test_zsh_offers_the_options_of_help(self):
        self.hold_against_help("zsh")

    def test_fish_offers_the_options_of_help(self):
        self.hold_against_help("fish")

    def test_bash_offers_commands_and_operands(self):
        self.hold_words_against_help("bash")

    def test_zsh_offers_commands_and_operands(self):
        self.hold_words_against_help("zsh")

    def test_fish_offers_commands_and_operands(self):
        self.hold_words_against_help("fish")

    def test_bash_offers_values(self):
        self.hold_values("bash")

    def test_zsh_offers_values(self):
        self.hold_values("zsh")

    def test_fish_offers_values(self):
        self.hold_values("fish")

    def test_bash_sees_through_an_equals_sign(self):
        lines = [["start", "--startup", "=", ""], ["start", "--startup", "="], ["start", "--startup", "=", "w"],
                 ["start", "--startup", "=", "wait", ""], ["status", "--watch", "=", "5s", "--j"]]
        every = {"auto", "wait", "exit"}
        self.assertEqual([every, every, {"wait"}, {"identity", "legacy"}, {"--json"}],
                         self.ask("bash", lines))

    def test_zsh_and_fish_see_through_an_equals_sign(self):
        [offered] = self.ask("zsh", [["start", "--startup="]])
        self.assertEqual({"auto", "wait", "exit"}, offered)
        [offered] = self.ask("fish", [["start", "--startup="]])
        self.assertEqual({f"--startup={word}" for word in ("auto", "wait", "exit")}, offered)

    def test_full_disk_is_told(self):
        done = run(["sh", "-c", '"$TBOT" completion bash >/dev/full'], None, 60)
        self.assertEqual(1, done.returncode)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    main()
