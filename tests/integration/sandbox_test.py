# SPDX-License-Identifier: Apache-2.0
"""The sandbox: the agent does all its work in it, and it is really closed."""

import json
import os
import pathlib

from harness import Case, Diag, main, run, wait_until


class Sandboxed(Case):
    def status_of(self, agent):
        done = run([agent.program, "status", "--json", "-c", agent.config])
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def start(self, agent, *args):
        """Running with an output, and in a sandbox; what cannot close one is skipped."""
        agent.start(*args)
        agent.wait_output()
        sandbox = self.status_of(agent)["sandbox"]
        if "sanitizer build" in sandbox.values():
            self.skipTest("not in this build")
        if "off" in sandbox.values() and "--no-sandbox" not in args:
            self.skipTest(f"this kernel closes none: {sandbox}")
        return sandbox

    def kernel_says(self, agent, thread=None):
        path = f"/proc/{agent.process.pid}/task/{thread or agent.process.pid}/status"
        words = dict(line.split(":\t", 1) for line in pathlib.Path(path).read_text().splitlines())
        return words["Seccomp"].strip(), words["NoNewPrivs"].strip()


class Closed(Sandboxed):
    def test_every_thread_is_in_it(self):
        agent = self.agent(self.authority())
        sandbox = self.start(agent)
        self.assertEqual(("on", "on"), (sandbox["landlock"], sandbox["seccomp"]))
        self.assertGreaterEqual(sandbox["landlock_abi"], 1)
        seen = 0
        for thread in os.listdir(f"/proc/{agent.process.pid}/task"):
            try:
                says = self.kernel_says(agent, thread)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            self.assertEqual(("2", "1"), says)
            seen += 1
        self.assertGreater(seen, 5)
        table = run([agent.program, "status", "-c", agent.config]).stdout
        self.assertRegex(table, r"(?m)^sandbox +on, files and system calls$")

    def test_a_destination_made_anew_is_not_the_one_it_was_closed_around(self):
        """What a compromised agent would meet, met by an honest one: a path that is outside."""
        agent = self.agent(self.authority())
        self.start(agent)
        agent.output.rename(self.dir / "elsewhere")
        agent.output.mkdir(mode=0o700)
        agent.renew_now()
        agent.process.wait_text("output not renewed.*Permission denied.*hint:.*restart tbot")
        self.assertEqual([], os.listdir(agent.output))
        agent.wait_generation(2)
        agent.process.must_live()

    def add_output(self, agent, place):
        text = agent.config.read_text()
        agent.config.write_text(text + f"""  - type: identity
    destination: {{type: directory, path: {place}}}
""")
        return run([agent.program, "reload", "-c", agent.config])

    def test_a_reload_that_names_a_path_outside_is_refused(self):
        agent = self.agent(self.authority())
        self.start(agent)
        done = self.add_output(agent, self.dir / "new")
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertRegex(done.stderr, f"'{self.dir}/new' is outside the sandbox: restart needed")
        self.assertFalse((self.dir / "new").exists())

    def test_a_reload_may_use_a_directory_that_was_left_open(self):
        agent = self.agent(self.authority())
        (self.dir / "open").mkdir()
        self.start(agent, "--sandbox-dir", self.dir / "open")
        done = self.add_output(agent, self.dir / "open" / "new")
        self.assertEqual(0, done.returncode, done.stderr)
        wait_until("its files", (self.dir / "open" / "new" / "tlscert").exists,
                   still_worth_it=agent.process.must_live)

    def test_unwanted_it_is_not_there_and_both_log_and_status_say_so(self):
        agent = self.agent(self.authority())
        sandbox = self.start(agent, "--no-sandbox")
        self.assertEqual("off", sandbox["landlock"])
        self.assertEqual("off", sandbox["seccomp"])
        self.assertEqual("--no-sandbox", sandbox["landlock_reason"])
        self.assertRegex(agent.process.text(), r"WARN +\[sandbox\] there is none .*--no-sandbox")
        self.assertEqual("0", self.kernel_says(agent)[0])


class Works(Sandboxed):
    """Whatever an agent does, it does in there."""

    def assert_undenied(self, agent):
        self.assertNotRegex(agent.process.text(), "Permission denied|not permitted|cross-device")

    def renew(self, agent):
        serial, generation = agent.output_serial(), agent.generation()
        agent.renew_now()
        agent.wait_generation(generation + 1)
        agent.wait_output(other_than=serial)

    def test_each_way_each_kind_of_output_and_the_end(self):
        for via in ("auth", "proxy"):
            for atomic in ("off", "symlink"):
                agent = self.agent(self.authority(name=f"{via}-{atomic}"), via=via,
                                   name=f"agent-{via}-{atomic}",
                                   destination_lines=[f"atomic: {atomic}"])
                self.start(agent)
                self.renew(agent)
                self.assertEqual(atomic == "symlink", (agent.output / "..data").is_symlink())
                self.assertEqual(0, agent.process.stop())
                self.assert_undenied(agent)
                self.assertFalse((agent.storage / "diag.sock").exists())

    def test_directories_that_are_missing_are_made(self):
        authority = self.authority()
        agent = self.agent(authority, output=self.dir / "made")
        agent.output.rmdir()
        agent.storage.rmdir()
        self.start(agent)
        self.renew(agent)
        self.assert_undenied(agent)

    def test_a_socket_outside_of_the_storage(self):
        place = self.dir / "sockets"
        place.mkdir()
        agent = self.agent(self.authority(), extra=[f"diag_socket: {place}/d.sock"])
        self.start(agent)
        self.assertEqual(200, Diag(place / "d.sock").code("/livez"))
        self.assertEqual(0, agent.process.stop())
        self.assertEqual([], os.listdir(place))

    def test_names_are_looked_up(self):
        authority = self.authority()
        port = authority.auth_addr.rsplit(":", 1)[1]
        agent = self.agent(authority, address=f"localhost:{port}")
        self.start(agent)
        self.assert_undenied(agent)

    def test_everything_that_can_be_asked_of_it(self):
        agent = self.agent(self.authority())
        self.start(agent, "--debug")
        local = Diag(agent.storage / "diag.sock")
        for path in ("/livez", "/readyz", "/servez", "/wait", "/status", "/_status", "/log-level",
                     "/metrics"):
            self.assertEqual(200, local.code(path), path)
        self.assertIn("process_open_fds ", local.ask("/metrics").text)
        for path in ("threads", "cmdline", "symbol"):
            self.assertEqual(200, local.code(f"/debug/pprof/{path}"), path)
        done = run([agent.program, "renew", "-c", agent.config])
        self.assertEqual(0, done.returncode, done.stderr)
        agent.wait_generation(2)
        self.assertEqual(0, agent.process.stop())
        self.assert_undenied(agent)

    def test_its_entry_in_proc_can_be_read_when_the_kernel_has_forgotten_it(self):
        agent = self.agent(self.authority())
        self.start(agent)
        try:
            pathlib.Path("/proc/sys/vm/drop_caches").write_text("2")
        except OSError:
            self.skipTest("caches are dropped by root only")
        metrics = Diag(agent.storage / "diag.sock").ask("/metrics").text
        self.assertRegex(metrics, r"(?m)^process_open_fds [1-9]")


if __name__ == "__main__":
    main()
