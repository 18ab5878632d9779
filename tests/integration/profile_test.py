# SPDX-License-Identifier: Apache-2.0
"""Profiles, read by those they are made for: go tool pprof."""

import os
import re
import subprocess

from harness import Case, main
from harness.process import clean_environment


class Profile(Case):
    def take(self, program, kind):
        """A file with the profile that the program made of itself."""
        profile = self.dir / f"{kind}.pb.gz"
        with profile.open("wb") as out:
            code = subprocess.run([program, kind], stdout=out, env=clean_environment(), timeout=60,
                                  check=False).returncode
        if code == 77:
            self.skipTest("not in this build")
        self.assertEqual(0, code)
        return profile

    def top(self, profile, *options):
        """Function → (flat, cumulative) in percent, as pprof shows them without looking at any program."""
        self.need_tool("go")
        done = subprocess.run(["go", "tool", "pprof", "-symbolize=none", "-top", "-nodefraction=0",
                               *options, profile], capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        rows = re.findall(r"^ *\S+ +([\d.]+)% +[\d.]+% +\S+ +([\d.]+)%  (\S.*)$", done.stdout, re.M)
        return {name: (float(flat), float(cum)) for flat, cum, name in rows}

    def stripped(self):
        program = self.dir / "stripped"
        subprocess.run([self.need_tool("strip"), "-o", program, os.environ["TBOT_PROFILE_SUBJECT"]],
                       check=True)
        return program

    def test_pprof_names_the_hot_function(self):
        top = self.top(self.take(os.environ["TBOT_PROFILE_SUBJECT"], "cpu"))
        self.assertGreater(top["derive_slowly"][1], 90, top)
        self.assertGreater(top["PKCS5_PBKDF2_HMAC"][1], 90, top)

    def test_pprof_names_static_functions_of_a_stripped_program(self):
        program = self.stripped()
        symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=False)
        self.assertNotIn("derive_slowly", symbols.stdout)
        top = self.top(self.take(program, "cpu"))
        self.assertGreater(top["derive_slowly"][1], 90, top)

    def test_pprof_names_who_holds_memory(self):
        top = self.top(self.take(os.environ["TBOT_PROFILE_SUBJECT"], "heap"))
        self.assertGreater(top["hold_much"][0], 90, top)
        self.assertNotIn("malloc", top)

    def test_pprof_reads_the_list_of_threads(self):
        profile = self.take(os.environ["TBOT_PROFILE_SUBJECT"], "threads")
        self.assertIn("derive_slowly+0x", profile.read_text())
        self.need_tool("go")
        done = subprocess.run(["go", "tool", "pprof", "-top", profile], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("Type: goroutine", done.stdout)


if __name__ == "__main__":
    main()
