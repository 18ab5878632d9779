# SPDX-License-Identifier: Apache-2.0
"""The configuration is read again while the agent runs: what changed is changed, and nothing else; what is wrong changes nothing."""

import datetime
import json
import os
import pathlib
import re
import signal
import threading
from operator import itemgetter

from harness import Case, Diag, Manager, Watch, main, wait_until

IS_SANITIZED = any(kind in os.environ.get("TBOT", "") for kind in ("asan", "tsan"))
MANY = 100
AGAIN = int(os.environ.get("TBOT_RELOADS", 200 if IS_SANITIZED else 1000))
HELD_UP_MS = 50
IN_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Reloading(Case):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.dir / "notify")
        self.addCleanup(self.manager.close)
        self.cluster = self.authority()
        self.subject = self.agent(self.cluster, env=self.manager.environment)
        self.diag = Diag(self.subject.storage / "diag.sock")

    def write(self, *services, **options):
        """A configuration with these services; each is a name, or a name and lines of its own."""
        lines = []
        for service in services:
            name, *own = [service] if isinstance(service, str) else service
            place = [] if any(line.startswith("destination:") for line in own) else [f"destination: {self.dir / name}"]
            lines += ["  - type: identity", *(f"    {line}" for line in [f"name: {name}", *place, *own])]
        whole = self.subject.config_text("auth", outputs=[self.dir / "unused"], **options)
        text = whole[:whole.index("outputs:\n")] + "services:\n" + "\n".join(lines) + "\n"
        # As an editor does it: a reader meets the old file or the new one.
        fresh = self.subject.config.with_suffix(".new")
        fresh.write_text(text)
        os.replace(fresh, self.subject.config)

    def start(self, *services, **options):
        self.write(*services, **options)
        self.subject.start("--sandbox-dir", self.dir)  # for services to come
        self.manager.wait("READY", still_worth_it=self.subject.process.must_live)
        wait_until("every service to be well", lambda: self.diag.code("/readyz") == 200)

    def ask(self, *args):
        return self.run_tbot("reload", "--storage", self.subject.storage, *args)

    def reload(self):
        """What it says has changed."""
        done = self.ask("--json")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refused(self, *patterns):
        """A reload that has to fail; returns the agent's words."""
        done = self.ask()
        self.manager.listen()  # a queue that is full is tried again much later
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        for pattern in ("nothing was changed", *patterns):
            self.assertRegex(done.stderr, pattern)
        return done.stderr

    def serial(self, name):
        place = self.dir / name / "tlscert"
        return place.read_bytes() if place.exists() else None

    def wait_written(self, name, other_than=None):
        """Waits until a service has files, of which its certificate is not `other_than`."""
        wait_until(f"files of {name}", lambda: self.serial(name) not in (None, other_than),
                   still_worth_it=self.subject.process.must_live)
        wait_until(f"the end of a renewal of {name}", lambda: (self.service(name) or {}).get("last_success"))

    def times(self, name):
        return {p.name: p.stat().st_mtime_ns for p in (self.dir / name).iterdir()}

    def services(self):
        return self.diag.json("/status")["services"]

    def service(self, name):
        return next((s for s in self.services() if s["name"] == name), None)

    def renewals(self, name):
        """How often a service was renewed, as its metrics count."""
        line = f'tbot_renewals_total{{service="{name}",result="ok",code="ok"}} '
        found = [text for text in self.diag.ask("/metrics").text.splitlines() if text.startswith(line)]
        return int(found[0].removeprefix(line)) if found else 0

    def counted(self, result):
        text = self.diag.ask("/metrics").text
        return int(text.split(f'tbot_reloads_total{{result="{result}"}} ')[1].split()[0])


class Changes(Reloading):
    def test_services_come_change_and_go_and_the_others_do_not_notice(self):
        self.start("kept", "changed", "gone")
        kept, generation = self.times("kept"), self.subject.generation()
        gone, serial = self.times("gone"), self.serial("changed")
        self.write("new", ("changed", "ssh_config: off"), "kept")
        told = self.reload()
        self.assertEqual((["new"], ["changed"], ["gone"], 1),
                         (told["added"], told["changed"], told["removed"], told["kept"]))
        self.wait_written("new")
        self.wait_written("changed", other_than=serial)
        self.assertEqual(kept, self.times("kept"))
        self.assertEqual((1, generation), (self.renewals("kept"), self.subject.generation()))
        self.assertEqual(gone, self.times("gone"))
        self.assertEqual({"identity", "connection", "kept", "changed", "new"}, {s["name"] for s in self.services()})
        self.assertEqual(404, self.diag.code("/readyz/gone"))
        self.assertNotIn('service="gone"', self.diag.ask("/metrics").text)
        text = self.subject.process.text()
        self.assertRegex(text, r"\[gone\] service removed, its files stay")
        self.assertRegex(text, r"\[changed\] service changed keys:ssh_config")
        self.assertRegex(text, r"the new configuration is in force kept:1 added:1 changed:1 removed:1")
        self.assertEqual(0, self.subject.process.stop())

    def test_for_a_person_the_changes_are_lines(self):
        self.start("kept", "gone")
        self.write("kept", "new")
        done = self.ask()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"in force: 1 added, 0 changed, 1 removed, 1 kept\n"
                                      r"  added    new\n  removed  gone \(its files stay\)\n$")

    def test_times_of_the_bot_are_taken_up_by_those_that_inherit_them(self):
        own = ("own", "credential_ttl: 10m", "renewal_interval: 5m")
        self.start("heir", own)
        files = self.times("own")
        serial = self.serial("heir")
        self.write("heir", own, ttl="20m", interval="6m")
        told = self.reload()
        self.assertEqual((["heir"], 1), (told["changed"], told["kept"]))
        self.wait_written("heir", other_than=serial)
        self.assertEqual(files, self.times("own"))
        # The bot itself with its next renewal.
        ends = self.diag.json("/status")["identity"]["not_after"]
        self.assertEqual(1, self.subject.generation())
        self.subject.renew_now()
        self.subject.wait_generation(2)
        wait_until("the identity to be told", lambda: self.diag.json("/status")["identity"]["generation"] == 2)
        lasts = moment(self.diag.json("/status")["identity"]["not_after"]) - moment(ends)
        self.assertGreater(lasts.total_seconds(), 9 * 60)

    def test_what_a_changed_service_has_in_place_serves_on(self):
        """Also when the cluster is away, and nobody can renew it."""
        self.start("web")
        self.cluster.command("refuse")
        self.subject.renew_now()
        wait_until("the outage", lambda: self.diag.json("/status")["authority"]["state"] == "down")
        self.write(("web", "ssh_config: off"), "new")
        self.assertEqual(["web"], self.reload()["changed"])
        self.assertEqual(200, self.diag.code("/servez/web"))
        self.assertEqual(503, self.diag.code("/servez/new"))
        self.cluster.command("clear")
        self.wait_written("new")

    def test_signals_reload_and_renew(self):
        self.start("web")
        serial = self.serial("web")
        self.write("web", "new")
        before = len(self.manager.listen())
        self.subject.process.send(signal.SIGHUP)
        self.wait_written("new")
        self.assertEqual(serial, self.serial("web"))
        said = self.manager.wait("RELOADING", after=before)
        self.assertGreater(int(said["MONOTONIC_USEC"]), 0)
        wait_until("READY after it", lambda: "READY" in [k for d in self.manager.listen()[before:] for k in d])
        self.subject.renew_now()
        self.wait_written("web", other_than=serial)
        self.assertEqual(1, self.counted("ok"))

    def test_the_hash_that_is_told_is_that_of_the_file_in_force(self):
        token = self.dir / "token"
        token.write_text(self.cluster.token)
        self.start("web", token=str(token))
        first = self.diag.json("/status")["config"]["sha256"]
        self.write("web", "new", token=str(token))
        self.reload()
        second = self.diag.json("/status")["config"]["sha256"]
        self.assertNotEqual(first, second)
        self.subject.config.write_text("version: v2\n")
        self.refused()
        self.assertEqual(second, self.diag.json("/status")["config"]["sha256"])

    def test_a_copy_in_the_storage_goes_with_its_service_and_not_before(self):
        kept = "destination: {type: memory, cache: on}"
        self.start(("stays", kept), ("goes", kept), ("changes", kept))
        copies = self.subject.storage / "cache"
        self.assertEqual({"stays", "goes", "changes"}, {p.name for p in copies.iterdir()})
        self.write(("stays", kept, "ssh_config: off"), "changes")
        self.reload()
        wait_until("the copies to go", lambda: {p.name for p in copies.iterdir()} == {"stays"})
        self.wait_written("changes")
        self.subject.process.wait_text(r"\[goes\] the copy is removed from the storage")

    def test_services_come_before_there_is_an_identity(self):
        self.write("web")
        self.cluster.command("refuse")
        self.subject.start("--startup", "wait", "--sandbox-dir", self.dir)
        self.subject.process.wait_text("listening address:unix")  # its file is there a moment before
        wait_until("a failure", lambda: self.diag.json("/readyz")["state"] == "degraded")
        self.write("web", "new")
        self.assertEqual(["new"], self.reload()["added"])
        self.assertEqual(0, self.diag.json("/status")["reloads"]["failed"])
        self.cluster.command("clear")
        self.wait_written("new")
        self.wait_written("web")

    def test_a_hundred_services_and_one_that_changes(self):
        names = [f"s{i}" for i in range(MANY)]
        self.start(*names)
        before = {name: self.times(name) for name in names}
        serial = self.serial("s42")
        asked = self.cluster.requests("GenerateUserCerts")
        with Watch(self.diag, ["/livez", "/servez", "/status"], every=0) as watch:
            wait_until("a first look", lambda: watch.last("/status"))
            self.write(*[(name, "ssh_config: off") if name == "s42" else name for name in names])
            told = self.reload()
            self.wait_written("s42", other_than=serial)
        self.assertEqual((["s42"], [], [], MANY - 1),
                         (told["changed"], told["added"], told["removed"], told["kept"]))
        for path in watch.looks:
            self.assertEqual([200], watch.codes(path))
        for name in set(names) - {"s42"}:
            self.assertEqual(before[name], self.times(name), name)
        self.assertEqual(asked + 1, self.cluster.requests("GenerateUserCerts"))
        for i in range(4):
            word = "off" if i % 2 else "on"
            self.write(*[(name, f"ssh_config: {word}") if name == "s42" else name for name in names])
            self.assertEqual(["s42"], self.reload()["changed"])
        self.subject.process.wait_text("(?s)(held_up:.*?){5}")
        # How long the main thread had nothing else to do. The best of five: others have this machine, too.
        held = re.findall(r"held_up:([\d.]+)([a-z]+)", self.subject.process.text())
        self.assertLess(min(float(n) * IN_MS[unit] for n, unit in held), HELD_UP_MS)
        self.assertEqual(0, self.subject.process.stop())


class Refusals(Reloading):
    def assert_nothing_has_changed(self, files, n_failed):
        self.assertEqual(files, self.times("web"))
        reloads = self.diag.json("/status")["reloads"]
        self.assertEqual((n_failed, False), (reloads["failed"], reloads["under_way"]))
        self.assertEqual(n_failed, self.counted("failed"))
        self.assertEqual({"identity", "connection", "web"}, {s["name"] for s in self.services()})
        self.assertEqual(200, self.diag.code("/readyz"))

    def test_a_bad_configuration_changes_nothing_and_is_seen_everywhere(self):
        self.start("web")
        files = self.times("web")
        good = self.subject.config.read_text()
        (self.dir / "blocked").write_text("a file where a directory should be")
        bad = {
            "broken": (good + "\n foo: [", "not valid YAML"),
            "cut": (good[:good.index("name: web") + 3], "services|key"),
            "empty": ("", "the file is empty"),
            "unknown key": (good + "nosuchkey: 1\n", "key 'nosuchkey'"),
            "two mistakes": (good + "nosuchkey: 1\nother: 2\n", "(?s)'nosuchkey'.*'other'"),
            "storage": (good.replace(str(self.subject.storage), str(self.dir / "elsewhere")),
                        "key 'storage.path': has changed: restart needed"),
            "address": (good.replace("auth_server: ", "auth_server: 127.0.0.1:1 #"), "key 'auth_server'.*restart"),
            "destination": (good + f"  - {{type: identity, name: bad, destination: {self.dir}/blocked}}\n",
                            "output 'bad': .*blocked"),
            "the storage": (good + f"  - {{type: identity, name: bad, destination: {self.subject.storage}}}\n",
                            "storage"),
        }
        for n, (what, (text, pattern)) in enumerate(bad.items(), 1):
            with self.subTest(what):
                self.subject.config.write_text(text)
                self.refused(pattern)
                self.assert_nothing_has_changed(files, n)
        self.subject.config.unlink()
        self.refused("No such file")
        self.assert_nothing_has_changed(files, len(bad) + 1)
        error = self.diag.json("/status")["reloads"]["last_error"]
        self.assertIn("No such file", error)
        wait_until("the sentence", lambda: "the new configuration is not in force" in self.manager.status())
        shown = self.run_tbot("status", "--storage", self.subject.storage).stdout
        self.assertRegex(shown, r"reload +failed(?s:.*)No such file")
        self.assertRegex(self.subject.process.text(), r"ERROR \[reload\] the new configuration is not in force")
        self.subject.config.write_text(good)
        self.assertEqual(1, self.reload()["kept"])
        wait_until("the sentence to go", lambda: "not in force" not in self.manager.status())
        self.assertNotIn("last_error", self.diag.json("/status")["reloads"])
        self.assertEqual(files, self.times("web"))

    def test_a_file_that_must_not_be_read_changes_nothing(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.start("web")
        files = self.times("web")
        self.subject.config.chmod(0)
        self.refused("Permission denied")
        self.assert_nothing_has_changed(files, 1)

    def test_a_directory_that_cannot_be_written_is_found_before_anything_changes(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        self.start("web")
        (self.dir / "locked").mkdir(mode=0o500)
        self.write(("web", "ssh_config: off"), ("new", f"destination: {self.dir}/locked/deep"))
        files = self.times("web")
        self.refused("output 'new'.*Permission denied")
        self.assert_nothing_has_changed(files, 1)
        (self.dir / "locked").chmod(0o700)

    def test_every_key_that_needs_a_restart_is_told_in_json(self):
        self.start("web")
        text = self.subject.config.read_text()
        self.subject.config.write_text(text + "startup: wait\ndiag_addr: 127.0.0.1:0\n")
        done = self.ask("--json")
        self.assertEqual(1, done.returncode)
        self.assertEqual(["diag_addr", "startup"], sorted(json.loads(done.stdout)["restart_needed"]))
        self.assertIn("restart", done.stderr)

    def test_a_token_is_never_told(self):
        self.start("web")
        self.write("web", token="hunter2-is-a-secret")
        words = self.refused("key 'onboarding.token'")
        self.assertNotIn("hunter2", words + self.subject.process.text())

    def test_hooks_are_those_of_the_start(self):
        hook = ("web", "reload: {command: [/bin/true]}")
        self.start(hook, "db")
        self.write(hook, ("db", "reload: {command: [/bin/true]}"))
        self.refused("key 'reload': of service 'db'.*restart needed")
        self.write("db")
        self.assertEqual(["web"], self.reload()["removed"])
        self.write("db", hook)  # who runs hooks still knows it
        self.assertEqual(["web"], self.reload()["added"])

    def test_a_hook_that_is_gone_is_not_run(self):
        hook = ("web", "reload: {command: [/bin/true]}")

        def wait_text(pattern, times):
            wait_until(f"{times} times {pattern!r}", lambda: self.subject.process.text().count(pattern) >= times)

        self.start(hook)
        wait_text("[web] the hook has run", 1)
        self.write("web")
        self.assertEqual(["web"], self.reload()["changed"])
        self.assertNotIn("hook", self.service("web"))
        wait_text("[web] output renewed", 2)
        self.write(hook)
        self.assertEqual(["web"], self.reload()["changed"])
        wait_text("[web] output renewed", 3)
        wait_text("[web] the hook has run", 2)
        self.assertEqual(2, self.subject.process.text().count("[web] the hook has run"))
        self.assertIn("hook", self.service("web"))


class Moments(Reloading):
    def test_a_service_at_work_is_cancelled_and_what_follows_it_writes_alone(self):
        self.start("web", "db")
        self.cluster.command("hang", "method", "GenerateUserCerts")
        asked = self.cluster.requests("GenerateUserCerts")
        serial = self.serial("db")
        self.write("web", ("db", "ssh_config: off"), "new")
        self.reload()
        wait_until("both to be asked for", lambda: self.cluster.requests("GenerateUserCerts") >= asked + 2)
        self.write("web", "db")
        told = self.reload()
        self.assertEqual((["db"], ["new"], 1), (told["changed"], told["removed"], told["kept"]))
        self.assertIsNone(self.service("new"))
        # The one that was at work has ended: its successor is asked for.
        wait_until("the next", lambda: self.cluster.requests("GenerateUserCerts") >= asked + 3)
        self.assertEqual(serial, self.serial("db"))
        self.assertFalse((self.dir / "new" / "tlscert").exists())
        self.cluster.command("clear")
        self.write("web", ("db", "allow_reissue: true"), "new")
        self.assertEqual((["db"], ["new"]), itemgetter("changed", "added")(self.reload()))
        self.wait_written("db", other_than=serial)
        self.wait_written("new")
        self.assertEqual(1, self.renewals("web"))
        self.assertEqual(0, self.subject.process.stop())

    def test_many_who_ask_at_once_are_all_answered(self):
        self.start("web")
        self.write("web", "new")
        codes = []
        asking = [threading.Thread(target=lambda: codes.append(self.diag.ask("/reload", "POST").code))
                  for _ in range(8)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        self.assertEqual([200] * 8, codes)
        self.assertIsNotNone(self.service("new"))
        self.assertLessEqual(self.diag.json("/status")["reloads"]["succeeded"], 8)

    def test_while_it_stops_nothing_is_reloaded(self):
        self.start("web")
        self.cluster.command("hang", "method", "GenerateUserCerts")
        asked = self.cluster.requests("GenerateUserCerts")
        self.diag.ask("/renew", "POST")
        wait_until("the renewal to be asked for", lambda: self.cluster.requests("GenerateUserCerts") > asked)
        self.subject.process.send(signal.SIGTERM)
        wait_until("the stop", lambda: self.diag.json("/readyz")["state"] == "stopping")
        self.assertEqual(409, self.diag.ask("/reload", "POST").code)
        self.subject.process.send(signal.SIGHUP)
        self.subject.process.must_live()
        self.cluster.command("clear")
        self.subject.process.send(signal.SIGTERM)  # a second one waits for nothing
        self.subject.process.wait()
        self.assertNotIn("reading the configuration again", self.subject.process.text())

    def test_one_pass_reads_its_configuration_once(self):
        self.write("web")
        self.cluster.command("hang")
        self.subject.start("--oneshot", "--oneshot-timeout", "1m")
        self.subject.process.wait_text("no stored identity: joining")
        self.subject.process.send(signal.SIGHUP)
        self.subject.process.wait_text("one pass reads its configuration once")
        self.cluster.command("clear")
        self.subject.process.send(signal.SIGTERM)
        self.subject.process.send(signal.SIGTERM)
        self.subject.process.wait()

    def test_reloads_leave_nothing_behind(self):
        self.start("web", "a")
        fds = f"/proc/{self.subject.process.pid}/fd"

        def memory():
            text = pathlib.Path(f"/proc/{self.subject.process.pid}/status").read_text()
            return int(text.split("VmRSS:")[1].split()[0])

        def reload_often(n):
            for i in range(n):
                self.write("web", ("a" if i % 2 else "b", f"destination: {self.dir}/both"))
                self.assertEqual(200, self.diag.ask("/reload", "POST").code)

        reload_often(20)
        used, grown = len(os.listdir(fds)), memory()
        files = self.times("web")
        reload_often(AGAIN)
        wait_until("descriptors to be given back", lambda: len(os.listdir(fds)) <= used + 2)
        if not IS_SANITIZED:  # whose memory is given back later
            self.assertLess(memory() - grown, 4096, "kB")
        self.assertEqual(AGAIN + 20, self.diag.json("/status")["reloads"]["succeeded"])
        self.assertEqual(files, self.times("web"))
        self.assertEqual(0, self.subject.process.stop())


if __name__ == "__main__":
    main()
