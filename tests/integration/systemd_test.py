# SPDX-License-Identifier: Apache-2.0
"""The unit that `tbot install systemd` writes: systemd has nothing to say against it, and the agent lives under it."""

import ctypes
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness import Case, Manager, main, run, wait_until
from harness.unit import Unit

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGED = [ROOT / "packaging/systemd" / name for name in ("tbot.service", "tbot@.service")]
GOLDEN = sorted((ROOT / "tests/golden").glob("unit-*.service"))
USER = 64123  # nobody's
LANDLOCK_CREATE_RULESET = 444
# LeakSanitizer traces its own process, which no unit of ours allows.
NO_LEAK_CHECK = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
MOST_EXPOSED = 15  # in tenths
SIGNALS = "unit-signals.service"  # has a capability


class Systemd(Case):
    """What systemd's own tools think. They know the file by its name, and look whether its programs are there."""

    def setUp(self):
        super().setUp()
        self.need_tool("systemd-analyze")

    def put(self, text, name="tbot.service"):
        path = self.dir / name
        path.write_text(text.replace("=/usr/bin/tbot ", f"={os.environ['TBOT']} "))
        return path

    def verify(self, path):
        done = run(["systemd-analyze", "verify", "--man=no", path])
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr), path.read_text())

    def exposure(self, path, most):
        done = run(["systemd-analyze", "security", "--offline=true", f"--threshold={most}", path])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1])

    def test_verify_is_silent(self):
        for source in [*PACKAGED, *GOLDEN]:
            with self.subTest(source.name):
                name = source.name if source in PACKAGED else "tbot.service"
                self.verify(self.put(source.read_text(), name.replace("@.", "@web.")))

    def test_verify_sees_mistakes(self):
        path = self.put(PACKAGED[0].read_text().replace("UMask=", "Umask="))
        self.assertIn("Unknown key", run(["systemd-analyze", "verify", "--man=no", path]).stderr)

    def test_exposure(self):
        for source in [*PACKAGED, *GOLDEN]:
            with self.subTest(source.name):
                most = 17 if source.name == SIGNALS else MOST_EXPOSED
                exposure = self.exposure(self.put(source.read_text()), most)
                print(f"exposure of {source.name}: {exposure}", file=sys.stderr)


class OnHost(Case):
    """With a machine of its own to install on, see harness/confined.py."""

    no_host = None  # why there can be none: "" if it can, None as long as nobody tried

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.need_tool("systemd-analyze")
        self.view = self.dir / "host"
        for name in ("srv/bin", "var-lib", "run", "units"):
            (self.view / name).mkdir(parents=True)
        (self.view / "srv/bin/tbot").touch()
        for name in ("passwd", "group"):
            (self.view / name).write_text(pathlib.Path("/etc", name).read_text())
        self.units = self.view / "srv/units"
        self.units.mkdir()
        if OnHost.no_host is None:
            done = self.on_host("/bin/true")
            OnHost.no_host = done.stderr.splitlines()[-1] if done.returncode else ""
        if OnHost.no_host:
            self.skipTest(f"needs mount namespaces: {OnHost.no_host}")

    def make_user(self):
        with open(self.view / "passwd", "a") as passwd, open(self.view / "group", "a") as group:
            passwd.write(f"teleport:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin\n")
            group.write(f"teleport:x:{USER}:\n")

    def argv(self, *words):
        return [sys.executable, "-m", "harness.confined", self.view, *words]

    def on_host(self, *argv):
        return run(self.argv("--", *argv))

    def install(self, *args):
        return self.on_host("/srv/bin/tbot", "install", "systemd", "--systemd-directory", "/srv/units", *args)

    def configure(self, **options):
        """An agent whose configuration has the paths of that machine, and its token in a file of root's."""
        token = self.view / "srv/token"
        self.cluster = self.authority()
        agent = self.agent(self.cluster, storage=self.view / "var-lib/web", output=self.view / "srv/identity",
                           token="/srv/token", **options)
        token.write_text(self.cluster.token)
        token.chmod(0o600)
        text = agent.config.read_text()
        for name, place in (("srv", "/srv"), ("var-lib", "/var/lib")):
            text = text.replace(str(self.view / name), place)
        agent.config = self.view / "srv/tbot.yaml"
        agent.config.write_text(text)
        return agent


class Install(OnHost):
    def test_user_that_is_not_there_is_told_with_the_remedy(self):
        self.configure()
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual(1, done.returncode)
        self.assertIn("there is no user 'teleport' on this machine", done.stderr)
        self.assertRegex(done.stderr, "Make it: useradd --system .* teleport")
        self.assertEqual([], list(self.units.iterdir()))

    def test_dry_run_writes_nothing_and_needs_no_user(self):
        self.configure()
        done = self.install("-c", "/srv/tbot.yaml")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("/srv/bin/tbot start -c /srv/tbot.yaml", Unit(done.stdout).one("ExecStart"))
        self.assertIn("warning: there is no user 'teleport'", done.stderr)
        self.assertEqual([], list(self.units.iterdir()))

    def test_writes_and_says_what_is_next(self):
        self.make_user()
        agent = self.configure()
        agent.config.chmod(0o600)
        agent.output.rmdir()
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        unit = self.units / "tbot.service"
        self.assertEqual(0o644, unit.stat().st_mode & 0o7777)
        self.assertEqual(done.stdout.splitlines(), [
            "Wrote '/srv/units/tbot.service'.", "Next:",
            "  chgrp teleport '/srv/tbot.yaml'", "  chmod u+r,g+r '/srv/tbot.yaml'",
            "  install -d -o teleport -g teleport -m 0750 '/srv/identity'",
            "  systemctl daemon-reload", "  systemctl enable --now tbot", "  systemctl status tbot"])
        self.assertEqual(["web"], Unit.read(unit).all("StateDirectory"))
        self.assertEqual(["-/srv/identity"], Unit.read(unit).words("ReadWritePaths"))

    def test_present_unit_is_kept_unless_forced(self):
        self.make_user()
        self.configure()
        unit = self.units / "tbot.service"
        unit.write_text("mine\n")
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual((1, "mine\n"), (done.returncode, unit.read_text()))
        self.assertRegex(done.stderr, "exists and says something else\n.*--force")
        done = self.install("-c", "/srv/tbot.yaml", "--write", "--force")
        self.assertEqual(0, done.returncode, done.stderr)
        text = unit.read_text()
        self.assertIn("ExecStart=/srv/bin/tbot", text)
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual((0, text), (done.returncode, unit.read_text()))
        self.assertIn("nothing was written", done.stdout)

    def test_flags_of_the_other_tbot(self):
        self.configure()
        done = self.install("-c", "/srv/tbot.yaml", "--name", "x", "--user", "u", "--group", "g",
                            "--anonymous-telemetry", "--pid-file", "/run/x.pid")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(("u", "g"), (Unit(done.stdout).one("User"), Unit(done.stdout).one("Group")))
        for option in ("--anonymous-telemetry", "--pid-file"):
            self.assertIn(f"warning: option '{option}' has no effect", done.stderr)

    def test_configuration_that_is_wrong_makes_no_unit(self):
        self.make_user()
        agent = self.configure(ttl="soon")
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual(1, done.returncode)
        self.assertIn("credential_ttl", done.stderr)
        agent.config.unlink()
        self.assertEqual(1, self.install("-c", "/srv/tbot.yaml", "--write").returncode)
        self.assertEqual([], list(self.units.iterdir()))

    def test_program_of_any_name_is_found(self):
        """systemd looks for the program: what it reads out of the quotes is a file, or it is told of."""
        odd = "a b 100%n %i $HOME ;#x"
        (self.view / "srv" / odd).mkdir()
        shutil.copy(os.environ["TBOT"], self.view / "srv" / odd / "tbot")
        done = self.on_host(f"/srv/{odd}/tbot", "install", "systemd", "--template")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(f"/srv/{odd}/tbot", Unit(done.stdout).command("ExecStart")[0])
        (self.units / "tbot@web.service").write_text(done.stdout)
        done = self.on_host(self.need_tool("systemd-analyze"), "verify", "--man=no", "/srv/units/tbot@web.service")
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))


class Confined(OnHost):
    """The agent under its unit."""

    cannot = None  # why a process cannot be confined here: "" if it can, None as long as nobody tried

    def setUp(self):
        super().setUp()
        self.make_user()
        if Confined.cannot is None:
            done = run(self.argv(PACKAGED[0], "--", "/bin/true"))
            Confined.cannot = done.stderr.splitlines()[-1] if done.returncode else ""
        # What the machine lacks. A mistake of the harness, or a unit it does not know, is no reason.
        if re.search("libseccomp|Errno (1|38)\\b", Confined.cannot):
            self.skipTest(f"needs to confine a process: {Confined.cannot}")

    def installed(self, **options):
        agent = self.configure(**options)
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual(0, done.returncode, done.stderr)
        self.unit = self.units / "tbot.service"
        os.chown(agent.output, USER, USER)
        return agent

    def start(self, agent):
        self.manager = Manager(self.view / "run/notify")
        self.addCleanup(self.manager.close)
        os.chmod(self.view / "run/notify", 0o777)
        agent.process = self.spawn(self.argv(self.unit), "confined", {"NOTIFY_SOCKET": "/run/notify", **NO_LEAK_CHECK})

    def wait_ready(self, agent):
        self.manager.wait("READY", still_worth_it=agent.process.must_live)

    def under_unit(self, script):
        return run(self.argv(self.unit, "--", "/bin/sh", "-c", script))

    def facts(self, agent):
        status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text()
        return {line.split(":")[0]: line.split(":")[1].split() for line in status.splitlines()}

    def test_joins_renews_serves_and_stops(self):
        agent = self.installed()
        self.start(agent)
        self.wait_ready(agent)
        self.assertTrue(agent.output_is_consistent())
        facts = self.facts(agent)
        self.assertEqual([str(USER)] * 4, facts["Uid"])
        self.assertEqual((["0000000000000000"], ["0000000000000000"]), (facts["CapEff"], facts["CapBnd"]))
        self.assertEqual((["1"], ["2"]), (facts["NoNewPrivs"], facts["Seccomp"]))
        # Neither sandbox keeps the other from closing; what else may, this kernel or this build, is no fault of theirs.
        self.assertNotRegex(agent.process.text(), r"\[sandbox\].*(not permitted|forbidden)")
        agent.renew_now()
        agent.wait_generation(2)
        storage = self.view / "var-lib/web"
        self.assertEqual(0o700, storage.stat().st_mode & 0o7777)
        self.assert_own_sandbox_is_closed()
        self.assertEqual(0, agent.process.stop(), agent.process.text())
        self.assertEqual("Stopping", self.manager.wait("STOPPING")["STATUS"])
        self.assertFalse((storage / "diag.sock").exists())
        with open(storage / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.assertNotRegex(agent.process.text(), "ERROR|denied|not permitted|Read-only")

    def test_token_may_go_after_the_first_join(self):
        agent = self.installed()
        self.start(agent)
        self.wait_ready(agent)
        self.assertEqual(0, agent.process.stop())
        (self.view / "srv/token").unlink()
        (self.view / "run/notify").unlink()
        self.start(agent)
        self.wait_ready(agent)
        self.assertNotIn("without the token", agent.process.text())

    def test_walls_stand(self):
        self.installed()
        cases = {
            "touch /srv/identity/x && echo fine": "^fine",
            "touch /var/lib/web/x && echo fine": "^fine",
            "touch /srv/elsewhere": "Read-only file system",
            "touch /var/lib/elsewhere": "Read-only file system",
            "touch /run/x": "Read-only file system",
            "cat /srv/token": "Permission denied",
            "getent hosts localhost": "localhost",
            "ls /home": "Permission denied",
            "ls /dev": "^full\nnull\nrandom\ntty\nurandom\nzero$",
            "ls /tmp": "^$",
            "ls /proc/1": "No such file",
            "cat /proc/meminfo": "No such file",
            "unshare -U true": "Operation not permitted",
            "chmod u+s /srv/identity/x": "Operation not permitted",
            "mkdir -m 2755 /srv/identity/d": "Operation not permitted",
            "ulimit -c": "^0$",
            "umask": "0077",
            "stat -c %a:%U /run/credentials/tbot.service/join-token": "^400:teleport",
        }
        # One process for all of them, with a line between.
        done = self.under_unit("; echo +++; ".join(f"({script}) 2>&1" for script in cases))
        for (script, expected), said in zip(cases.items(), done.stdout.split("+++\n"), strict=True):
            with self.subTest(script):
                self.assertRegex(said.strip(), expected)

    def test_destination_beyond_the_unit_costs_its_own_output_only(self):
        agent = self.installed()
        late = self.view / "srv/late"
        late.mkdir()
        os.chown(late, USER, USER)
        agent.config.write_text(agent.config.read_text() +
                                "  - {type: identity, name: late, destination: /srv/late}\n")
        self.start(agent)
        self.wait_ready(agent)
        agent.wait_output()
        agent.process.wait_text("late.*Read-only file system")
        self.assertEqual([], list(late.iterdir()))

    def assert_own_sandbox_is_closed(self):
        """As far as the kernel can: the unit must not keep the agent from it."""
        asked = self.on_host("/srv/bin/tbot", "status", "--json", "-c", "/srv/tbot.yaml")
        self.assertEqual(0, asked.returncode, asked.stderr)
        sandbox = json.loads(asked.stdout)["sandbox"]
        if "sanitizer" in str(sandbox):
            return
        has_landlock = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1) > 0
        self.assertEqual(("on" if has_landlock else "off", "on"), (sandbox["landlock"], sandbox["seccomp"]), sandbox)

    def reload(self):
        return run(self.argv(self.unit, "--", *Unit.read(self.unit).command("ExecReload")), NO_LEAK_CHECK)

    def test_reload_takes_what_the_unit_allows_and_refuses_the_rest(self):
        agent = self.installed()
        self.start(agent)
        self.wait_ready(agent)
        done = self.reload()
        self.assertEqual(0, done.returncode, done.stderr)
        text = agent.config.read_text()
        agent.config.write_text(text.replace("ttl: 10m", "ttl: 9m"))
        done = self.reload()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("identity-1", done.stdout)
        late = self.view / "srv/late"
        late.mkdir()
        os.chown(late, USER, USER)
        agent.config.write_text(text + "  - {type: identity, name: late, destination: /srv/late}\n")
        done = self.reload()
        self.assertNotEqual(0, done.returncode)
        self.assertRegex(done.stderr, "late.*(Read-only file system|outside the sandbox)")
        agent.process.must_live()

    def test_hooks_run_and_signal_under_the_unit(self):
        """A command of the configuration, and a signal to a process of somebody else."""
        hooked, caught = self.view / "srv/identity/hooked", self.view / "run/caught"
        agent = self.configure()
        agent.config.write_text(agent.config.read_text().replace(
            "  - type: identity\n", "  - type: identity\n    reload:\n      command: [/bin/touch, /srv/identity/hooked]\n") +
            "  - type: identity\n    name: db\n    destination: {type: memory}\n"
            "    reload: {pid_file: /run/db.pid, signal: USR1}\n")
        os.chown(agent.output, USER, USER)
        self.unit = self.units / "tbot.service"
        done = self.install("-c", "/srv/tbot.yaml", "--write")
        self.assertEqual(0, done.returncode, done.stderr)
        pid_file = self.view / "run/db.pid"
        self.spawn(["/bin/sh", "-c", f"trap 'touch {caught}; exit' USR1; echo $$ > {pid_file}; "
                                     f"while :; do read x < {self.pipe()}; done"], "other")
        wait_until("the other to be ready", lambda: pid_file.exists() and pid_file.read_text())
        self.start(agent)
        self.wait_ready(agent)
        wait_until("the signal", caught.exists, still_worth_it=agent.process.must_live)
        wait_until("the command", hooked.exists, still_worth_it=agent.process.must_live)
        self.assertEqual(["0000000000000020"], self.facts(agent)["CapBnd"])
        self.assertEqual(0, agent.process.stop(), agent.process.text())

    def pipe(self):
        """Nobody ever writes to it."""
        path = self.dir / "pipe"
        os.mkfifo(path)
        return path

    def test_wrong_configuration_ends_it_for_good(self):
        agent = self.installed()
        agent.config.write_text("version: v2\nfrobnicate: 1\n")
        self.start(agent)
        self.assertEqual(78, agent.process.wait())
        self.assertIn("78", Unit.read(self.unit).words("RestartPreventExitStatus"))

    def test_outage_does_not_end_it(self):
        agent = self.installed()
        self.start(agent)
        self.wait_ready(agent)
        self.cluster.command("refuse")
        wait_until(f"the outage to be told of, it is {self.manager.status()!r}",
                   lambda: "degraded" in (self.manager.status() or ""), still_worth_it=agent.process.must_live)
        self.assertEqual(0, agent.process.stop(), agent.process.text())


if __name__ == "__main__":
    main()
