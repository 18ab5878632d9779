# SPDX-License-Identifier: Apache-2.0
"""Hooks with real processes: who is told of new files, when, and what becomes of hooks that misbehave."""

import json
import os
import pathlib
import re
import signal
import sys

from harness import Case, Diag, main, pem, run, wait_until

LISTENER = """
import os, pathlib, signal, sys
pid_file, heard = map(pathlib.Path, sys.argv[1:])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
pid_file.write_text(f"{os.getpid()}\\nsecond line\\n")
while True:
    signal.sigwait({signal.SIGHUP})
    with heard.open("a") as f:
        f.write("heard\\n")
"""

NGINX = """
daemon off;
pid {dir}/nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/temp;
    proxy_temp_path {dir}/temp;
    fastcgi_temp_path {dir}/temp;
    uwsgi_temp_path {dir}/temp;
    scgi_temp_path {dir}/temp;
    server {{
        listen unix:{dir}/nginx.sock ssl;
        ssl_certificate {output}/tlscert;
        ssl_certificate_key {output}/key;
        location / {{ return 204; }}
    }}
}}
"""


def is_alive(pid):
    """Not a zombie, which only waits to be asked after."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def memory(process):
    """What a process can write to; but for what is too large to hold anything."""
    found = []
    with (process / "mem").open("rb", 0) as mem:
        for line in (process / "maps").read_text().splitlines():
            place, rights = line.split()[:2]
            start, end = (int(number, 16) for number in place.split("-"))
            if rights.startswith("rw") and end - start < 64 << 20:
                mem.seek(start)
                found.append(mem.read(end - start))
    return b"".join(found)


class Hooks(Case):
    def script(self, text, name="hook"):
        path = self.dir / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o700)
        return path

    def serving(self, *reload, start=True, **options):
        """An agent whose output has such a `reload`, and has written its first files."""
        agent = self.agent(self.authority(), service_lines=["reload:", *(f"  {line}" for line in reload)],
                           **options)
        if start:
            agent.start()
            agent.wait_output()
        return agent

    def with_script(self, text, *more, **options):
        return self.serving(f"command: [{json.dumps(str(self.script(text)))}]", *more, **options)

    def lines(self, name):
        path = self.dir / name
        return path.read_text().splitlines() if path.exists() else []

    def wait_lines(self, agent, name, number):
        return wait_until(f"{number} lines in {name}", lambda: len(self.lines(name)) >= number and self.lines(name),
                          still_worth_it=agent.process.must_live)

    def ask(self, agent, path):
        return Diag(agent.storage / "diag.sock").ask(path)

    def hook(self, agent):
        services = json.loads(self.ask(agent, "/status").text)["services"]
        return next(s for s in services if s["name"] == "identity-1")["hook"]

    def wait_hook(self, agent, **wanted):
        return wait_until(f"the hook to be {wanted}, it is {self.hook(agent)}",
                          lambda: all(self.hook(agent).get(k) == v for k, v in wanted.items()) and self.hook(agent),
                          still_worth_it=agent.process.must_live)

    def wait_error(self, agent, pattern):
        wait_until(f"the hook to fail with {pattern!r}",
                   lambda: re.search(pattern, self.hook(agent).get("error", "")), still_worth_it=agent.process.must_live)

    def runs(self, agent, outcome):
        text = self.ask(agent, "/metrics").text
        found = re.search(rf'^tbot_hook_runs_total{{service="identity-1",outcome="{outcome}"}} (\S+)$', text, re.M)
        return float(found[1])

    def assert_serves(self, agent):
        self.assertEqual(200, Diag(agent.storage / "diag.sock").code("/servez"))
        wait_until("readiness", lambda: Diag(agent.storage / "diag.sock").code("/readyz") == 200)

    def assert_gone(self, pids):
        self.assertTrue(pids)
        for pid in pids:
            wait_until(f"process {pid} to be gone", lambda pid=pid: not is_alive(pid))

    def helper(self, agent):
        return wait_until("the helper", lambda: children(agent.process.pid))[0]

    # --- what works ---

    def test_command_runs_after_each_renewal_with_the_files_in_place(self):
        # In the agent's sandbox this could neither be started nor write there.
        agent = self.with_script(f'openssl x509 -noout -serial -in "$TBOT_DESTINATION/tlscert" >> {self.dir}/serials\n')
        first = agent.wait_output()
        self.wait_lines(agent, "serials", 1)
        agent.renew_now()
        second = agent.wait_output(other_than=first)
        self.assertEqual([first, second], self.wait_lines(agent, "serials", 2))
        hook = self.wait_hook(agent, state="idle", kind="command", target=str(self.dir / "hook"))
        self.assertNotIn("error", hook)
        self.assertIn("last_success", hook)
        self.assertEqual(2, self.runs(agent, "ok"))
        agent.process.wait_text(r"\[identity-1\] the hook has run hook:\S+ took:")

    def test_command_gets_little_and_the_helper_holds_nothing(self):
        agent = self.serving("command: [/usr/bin/env]", "timeout: 20s", start=False)
        agent.env = {"SECRET": "hunter2"}
        agent.start()
        agent.process.wait_text("the hook has run")
        said = re.findall(r"the hook says output:(\S+)", agent.process.text())
        self.assertEqual(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                          "TBOT_SERVICE=identity-1", f"TBOT_DESTINATION={agent.output}"], said)
        helper = pathlib.Path(f"/proc/{self.helper(agent)}")
        if os.geteuid() == 0:  # nobody else may look
            self.assertNotIn(agent.authority.token.encode(), memory(helper))
        self.assertEqual("tbot-hooks\n", (helper / "comm").read_text())
        self.assertEqual(b"", (helper / "environ").read_bytes().strip(b"\0"))
        held = sorted(os.readlink(fd) for fd in (helper / "fd").iterdir())
        self.assertEqual({"/dev/null", "anon_inode:[signalfd]", str(agent.process.log), "pipe", "socket"},
                         {re.sub(r"^(pipe|socket):.*", r"\1", name) for name in held})
        self.assertEqual(1, sum(name.startswith("socket") for name in held), held)

    def test_command_has_no_input_and_no_place_of_its_own(self):
        agent = self.with_script("cat\nreadlink /proc/self/cwd\ncut -d' ' -f6 /proc/$$/stat\necho $$\n"
                                 "printf 'bell\\007 and more\\n'\n"
                                 "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done\n")
        agent.process.wait_text("the hook has run")
        said = re.findall(r'the hook says output:(.*)$', agent.process.text(), re.M)
        self.assertEqual("/", said[0])
        self.assertEqual(said[1], said[2], "a session of its own")
        self.assertEqual(r'"bell\\x07 and more"', said[3])
        self.assertEqual(51, len(said))
        self.assertRegex(said[-1], r"\(\d+ further lines are left out\)")

    def test_signal_goes_to_the_process_of_a_pid_file(self):
        listener = self.spawn([sys.executable, "-c", LISTENER, self.dir / "pid", self.dir / "heard"], "listener")
        wait_until("the pid file", (self.dir / "pid").exists, still_worth_it=listener.must_live)
        agent = self.serving(f"pid_file: {self.dir}/pid", "signal: HUP")
        self.wait_lines(agent, "heard", 1)
        before = agent.output_serial()
        agent.renew_now()
        agent.wait_output(other_than=before)
        self.wait_lines(agent, "heard", 2)
        listener.kill()
        agent.renew_now()
        self.wait_error(agent, r"process \d+ of pid file '.*/pid' does not run")
        self.assert_serves(agent)

    def test_nginx_serves_the_new_certificate(self):
        nginx = self.need_tool("nginx")
        config = self.dir / "nginx.conf"
        agent = self.agent(self.authority())
        self.assertEqual(0, agent.oneshot().returncode)  # nginx does not begin without a certificate
        hook = ["reload:", f"  command: [{nginx}, -c, {config}, -s, reload]"]
        agent.config.write_text(agent.config_text("auth", service_lines=hook))
        config.write_text(NGINX.format(dir=self.dir, output=agent.output))
        first = agent.output_serial()
        server = self.spawn([nginx, "-c", config], "nginx")

        def served():
            said = run(["openssl", "s_client", "-unix", self.dir / "nginx.sock"]).stdout
            certificates = pem.blocks(said)
            (self.dir / "served").write_text(certificates[0][1] if certificates else "")
            return certificates and pem.serial(self.dir / "served")

        wait_until("nginx to serve the first one", lambda: served() == first, still_worth_it=server.must_live)
        agent.start()
        second = agent.wait_output(other_than=first)
        wait_until("nginx to serve the second one", lambda: served() == second, still_worth_it=server.must_live)
        agent.renew_now()
        third = agent.wait_output(other_than=second)
        wait_until("nginx to serve the third one", lambda: served() == third, still_worth_it=server.must_live)

    def test_changes_while_it_runs_make_one_run_more(self):
        os.mkfifo(self.dir / "gate")
        agent = self.with_script(f"echo run >> {self.dir}/runs\nread x < {self.dir}/gate\n", "timeout: 2m")
        self.wait_lines(agent, "runs", 1)
        for _ in range(2):
            before = agent.output_serial()
            agent.renew_now()
            agent.wait_output(other_than=before)
        self.assertEqual("running", self.hook(agent)["state"])
        self.assertEqual(1, len(self.lines("runs")))
        (self.dir / "gate").write_text("go\n")
        self.wait_lines(agent, "runs", 2)
        (self.dir / "gate").write_text("go\n")
        self.wait_hook(agent, state="idle")
        self.assertEqual(2, len(self.lines("runs")))

    # --- what does not ---

    def test_failure_is_told_retried_and_never_fatal(self):
        agent = self.with_script(f"echo run >> {self.dir}/runs\necho something is wrong >&2\n[ -e {self.dir}/well ] || exit 3\n")
        self.wait_lines(agent, "runs", 2)
        self.assert_serves(agent)
        self.assertIn("ended with status 3", self.hook(agent)["error"])
        self.assertGreaterEqual(self.runs(agent, "failed"), 1)
        agent.process.wait_text(r"WARN +\[identity-1\] the hook failed; the files are in place: .*attempt:1 next_attempt:")
        agent.process.wait_text('the hook says output:"something is wrong"')
        table = self.run_tbot("status", "-c", agent.config)
        self.assertRegex(table.stdout, r"its hook failed .*'.*/hook' ended with status 3")
        self.assertEqual(0, table.returncode)
        (self.dir / "well").touch()
        agent.renew_now()  # it may have given up by now
        hook = self.wait_hook(agent, state="idle", error=None)
        self.assertIn("last_success", hook)

    def test_what_hangs_and_multiplies_is_ended_with_all_it_started(self):
        agent = self.with_script(
            f"echo $$ >> {self.dir}/pids\n"
            f"sleep 1000 & echo $! >> {self.dir}/pids\n"
            f"setsid sh -c 'echo $$ >> {self.dir}/pids; trap \"\" TERM; sleep 1001 & echo $! >> {self.dir}/pids; wait' &\n"
            f"(setsid sh -c 'echo $$ >> {self.dir}/pids; exec sleep 1002' &)\n"
            "trap '' TERM\nwait\nsleep 1003\n", "timeout: 2s")
        agent.process.wait_text(r"'.*/hook' did not end within 2s and was killed")
        self.assertGreaterEqual(self.runs(agent, "timeout"), 1)
        self.assert_serves(agent)
        self.assert_gone([int(pid) for pid in self.wait_lines(agent, "pids", 5)[:5]])

    def test_what_forks_and_ends_well_leaves_nothing(self):
        agent = self.with_script(f"setsid sh -c 'echo $$ >> {self.dir}/pids; exec sleep 1000' &\n"
                                 f"while [ ! -s {self.dir}/pids ]; do :; done\n")
        agent.process.wait_text("the hook has run")
        self.wait_hook(agent, state="idle", error=None)
        self.assertEqual(1, self.runs(agent, "ok"))
        self.assert_gone([int(pid) for pid in self.lines("pids")])

    def hanging(self, **options):
        agent = self.with_script(f"echo $$ >> {self.dir}/pids\nsetsid sleep 1000 &\necho $! >> {self.dir}/pids\nsleep 1001\n",
                                 "timeout: 2m", **options)
        return agent, [int(pid) for pid in self.wait_lines(agent, "pids", 2)]

    def test_stop_ends_what_runs(self):
        agent, pids = self.hanging()
        helper = self.helper(agent)
        agent.process.send(signal.SIGTERM)
        self.assertEqual(0, agent.process.wait())
        self.assertIn("the hook was cut off", agent.process.text())
        self.assert_gone([helper, *pids])

    def test_kill_of_the_agent_ends_everything(self):
        agent, pids = self.hanging()
        helper = self.helper(agent)
        agent.process.kill()
        self.assert_gone([helper, *pids])

    def test_kill_of_the_helper_ends_what_runs_and_is_told(self):
        agent, pids = self.hanging()
        os.kill(self.helper(agent), signal.SIGKILL)
        agent.process.wait_text(r"ERROR \[hooks\] hooks are not run any more: .*signal 9")
        self.assert_gone(pids)
        before = agent.output_serial()
        agent.renew_now()
        agent.wait_output(other_than=before)
        self.wait_error(agent, "the process that runs hooks is gone")
        self.assert_serves(agent)
        self.assertEqual(0, agent.process.stop())

    # --- one pass, and the test of a configuration ---

    def test_one_pass_waits_for_its_hook_and_ends_well_all_the_same(self):
        agent = self.with_script(f"echo run >> {self.dir}/runs\n[ $(wc -l < {self.dir}/runs) -ge 9 ]\n", start=False)
        done = agent.oneshot()
        self.assertEqual((0, 4), (done.returncode, len(self.lines("runs"))), done.stderr)
        self.assertIn("the hook failed; the files are in place", done.stderr)

    def test_test_looks_at_the_program(self):
        agent = self.serving("command: [/nonexistent/program]", start=False)
        done = run([agent.program, "test", "-c", agent.config])
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, r"failed +hook +identity-1: .*'/nonexistent/program'")
        for lines, said in (([f"command: [hook]"], "is not an absolute path"),
                            (["command: [/bin/true]", "pid_file: /x"], "excludes 'command'"),
                            (["pid_file: /x", "signal: KILL"], "'KILL' is not one of HUP"),
                            (["timeout: 1s"], "needs 'command' or 'pid_file'")):
            agent = self.serving(*lines, start=False)
            self.assertIn(said, run([agent.program, "test", "-c", agent.config]).stdout)


if __name__ == "__main__":
    main()
