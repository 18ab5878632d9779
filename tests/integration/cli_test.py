# SPDX-License-Identifier: Apache-2.0
"""The command line: help, version, and a configuration that start reads."""

import json

from harness import Case, main


class CommandLine(Case):
    def test_version(self):
        done = self.run_tbot("version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")

    def test_help_is_on_stdout(self):
        for args in (["help"], ["--help"], ["help", "start"], ["start", "--help"]):
            done = self.run_tbot(*args)
            self.assertEqual(0, done.returncode, args)
            self.assertIn("start", done.stdout, args)
            self.assertEqual("", done.stderr, args)

    def test_no_command_is_misuse(self):
        self.assertEqual(2, self.run_tbot().returncode)

    def test_start_reads_what_configure_writes(self):
        authority = self.authority()
        config = self.dir / "made.yaml"
        for name in ("store", "out"):
            (self.dir / name).mkdir()
        shared = ["--auth-server", authority.auth_addr, "--join-method", "token",
                  "--token", authority.token, "--ca-pin", authority.ca_pin,
                  "--storage", f"file://{self.dir}/store", "--destination", f"file://{self.dir}/out"]
        done = self.run_tbot("configure", "identity", *shared, "--output", config)
        self.assertEqual(0, done.returncode, done.stderr)
        done = self.run_tbot("start", "-c", config, "--oneshot")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue((self.dir / "out/identity").exists())

    def test_start_identity_needs_no_file(self):
        authority = self.authority()
        (self.dir / "store").mkdir()
        done = self.run_tbot("start", "identity", "--oneshot", "--auth-server", authority.auth_addr,
                             "--join-method", "token", "--token", authority.token,
                             "--ca-pin", authority.ca_pin, "--storage", f"{self.dir}/store",
                             "--destination", f"{self.dir}/out")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue((self.dir / "out/tlscert").exists())

    def test_start_legacy_takes_the_old_flags(self):
        authority = self.authority()
        done = self.run_tbot("start", "--oneshot", "--auth-server", authority.auth_addr,
                             "--join-method=token", f"--token={authority.token}",
                             f"--ca-pin={authority.ca_pin}", f"--data-dir={self.dir}/store",
                             f"--destination-dir={self.dir}/out")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue((self.dir / "out/key-cert.pub").exists())

    def test_environment_gives_the_token(self):
        authority = self.authority()
        done = self.run_tbot("start", "--oneshot", "--join-method=token",
                             f"--ca-pin={authority.ca_pin}", f"--data-dir={self.dir}/store",
                             f"--destination-dir={self.dir}/out",
                             env={"TELEPORT_BOT_TOKEN": authority.token,
                                  "TELEPORT_AUTH_SERVER": authority.auth_addr})
        self.assertEqual(0, done.returncode, done.stderr)

    def test_json_log_is_json(self):
        done = self.agent(self.authority()).oneshot("--log-format=json")
        self.assertEqual(0, done.returncode, done.stderr)
        for line in done.stderr.splitlines():
            self.assertIn("message", json.loads(line))

    def test_proxy_variable_is_refused_by_name(self):
        proxy = {"HTTPS_PROXY": "http://127.0.0.1:9"}
        authority = self.authority()
        done = self.agent(authority, name="far", address="far.invalid:3025", env=proxy).oneshot()
        self.assertEqual(78, done.returncode)
        self.assertIn("HTTPS_PROXY", done.stderr)
        self.assertIn("NO_PROXY", done.stderr)
        # As in Go, nobody's proxy is asked for this machine itself.
        done = self.agent(authority, name="near", env=proxy).oneshot()
        self.assertEqual(0, done.returncode, done.stderr)


if __name__ == "__main__":
    main()
