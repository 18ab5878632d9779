# SPDX-License-Identifier: Apache-2.0
"""What is shipped: Debian packages, the static program, its image, and the lists of what is linked.

Made of the programs of this build, which differ from those that are shipped by how they were compiled. That
removal leaves nothing on a real machine is for scripts/package-test.
"""

import functools
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
import threading
import unittest

from harness import Agent, Case, Diag, main, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ["TBOT"]).parent.parent
EPOCH = 1700000000
USER = 65532
KEPT = tempfile.TemporaryDirectory(prefix="tbot-")  # until the interpreter ends
LIMIT_S = 200

AGENT_FILES = """
    usr/bin/tbot
    usr/lib/systemd/system/tbot.service
    usr/lib/systemd/system/tbot@.service
    usr/lib/sysusers.d/tbot-c.conf
    usr/share/bash-completion/completions/tbot
    usr/share/doc/tbot-c/NEWS.md.gz
    usr/share/doc/tbot-c/changelog.gz
    usr/share/doc/tbot-c/copyright
    usr/share/doc/tbot-c/examples/grafana/tbot-dashboard.json
    usr/share/doc/tbot-c/examples/prometheus/tbot-alerts.yaml
    usr/share/doc/tbot-c/examples/tbot.yaml
    usr/share/doc/tbot-c/tbot.spdx.json
    usr/share/fish/vendor_completions.d/tbot.fish
    usr/share/lintian/overrides/tbot-c
    usr/share/man/man1/tbot.1.gz
    usr/share/man/man5/tbot.yaml.5.gz
    usr/share/zsh/vendor-completions/_tbot
""".split() + [f"usr/share/doc/tbot-c/examples/{path.relative_to(ROOT / 'packaging')}"
              for path in (ROOT / "packaging/kubernetes").rglob("*") if path.is_file()]
AUTHORITY_FILES = """
    usr/bin/tbot-authority
    usr/share/doc/tbot-authority-c/changelog.gz
    usr/share/doc/tbot-authority-c/copyright
    usr/share/doc/tbot-authority-c/tbot-authority.spdx.json
    usr/share/man/man1/tbot-authority.1.gz
""".split()


def call(*argv, **more):
    more.setdefault("env", {**os.environ, "LC_ALL": "C", "SOURCE_DATE_EPOCH": str(EPOCH)})
    done = subprocess.run([str(word) for word in argv], capture_output=True, timeout=LIMIT_S, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise unittest.SkipTest(f"needs {tool}")
    if not (BUILD / "CPackConfig.cmake").exists():
        raise unittest.SkipTest("this build is not packaged")


def kept(name):
    path = pathlib.Path(KEPT.name, name)
    path.mkdir(mode=0o755)
    return path


@functools.lru_cache(None)
def packages(attempt):
    """{name: .deb} of what CPack makes, anew for each attempt. Compressed quickly: nobody downloads these."""
    need("cpack", "dpkg-deb", "dpkg-shlibdeps", "strip")
    out = kept(f"deb-{attempt}")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "TZ": ("UTC", "Asia/Tokyo")[attempt]}
    call("cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", out,
         "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", env=environment, umask=0o022)
    return {deb.name.split("_")[0]: deb for deb in sorted(out.glob("*.deb"))}


def members(deb, part="--fsys-tarfile"):
    with tarfile.open(fileobj=io.BytesIO(call("dpkg-deb", part, deb))) as archive:
        return [(m, archive.extractfile(m).read() if m.isfile() else b"") for m in archive]


def control(deb):
    return {m.name.removeprefix("./"): (m, content) for m, content in members(deb, "--ctrl-tarfile") if m.isfile()}


@functools.lru_cache(None)
def static_program():
    """The same objects, linked once more."""
    need("cmake", "strip", "readelf")
    if "tbot-static" not in (BUILD / "build.ninja").read_text():
        raise unittest.SkipTest("no static program can be linked here")
    call("cmake", "--build", BUILD, "--target", "tbot-static")
    built = BUILD / "cmd/tbot-static"
    stripped = kept("static") / "tbot"
    call("strip", "-o", stripped, built)
    call(ROOT / "packaging/sbom/bill", "--program", built, "--map", f"{built}.map", "--name", "tbot",
         "--version", "1.2.3~4", "--beside", "ca-certificates", "--directory", stripped.parent)
    return stripped


@functools.lru_cache(None)
def layout(attempt):
    program = static_program()
    out = kept(f"oci-{attempt}")
    call(ROOT / "packaging/oci/image", "--program", program, "--bill", program.parent / "tbot.spdx.json",
         "--version", "1.2.3~4", "--revision", "abcdef", "--directory", out / "oci", "--tar", out / "oci.tar")
    return out


class DebianPackage(Case):
    def files(self, package):
        return {m.name.removeprefix("./"): content for m, content in members(packages(0)[package]) if not m.isdir()}

    def test_has_these_files(self):
        self.assertEqual(sorted(AGENT_FILES), sorted(self.files("tbot-c")))
        self.assertEqual(sorted(AUTHORITY_FILES), sorted(self.files("tbot-authority-c")))

    def test_belongs_to_root_and_is_writable_by_nobody_else(self):
        for deb in packages(0).values():
            for member, _ in members(deb):
                self.assertEqual((0, 0), (member.uid, member.gid), member.name)
                is_run = member.isdir() or "/bin/" in member.name
                self.assertEqual(0o755 if is_run else 0o644, member.mode, member.name)

    def test_sums_are_those_of_the_files(self):
        for name, deb in packages(0).items():
            lines = control(deb)["md5sums"][1].decode().splitlines()
            self.assertEqual({path: hashlib.md5(content).hexdigest() for path, content in self.files(name).items()},
                             {path: total for total, path in (line.split("  ") for line in lines)})

    def test_depends_on_what_is_loaded_and_conflicts_with_nobody(self):
        fields = call("dpkg-deb", "-f", packages(0)["tbot-c"]).decode()
        depends = re.search(r"^Depends: (.*)", fields, re.M).group(1)
        for library in ("libc6", "libssl3", "libmicrohttpd12"):
            self.assertIn(library, depends)
        self.assertNotRegex(fields, r"(?m)^(Conflicts|Breaks|Replaces|Provides):")

    def test_begins_nothing_by_itself(self):
        for name, (member, text) in control(packages(0)["tbot-c"]).items():
            if name in ("control", "md5sums"):
                continue
            self.assertEqual(0o755, member.mode, name)
            self.assertNotRegex(text.decode(), r"systemctl (--\S+ )*(start|enable)", name)
        self.assertNotIn("conffiles", control(packages(0)["tbot-c"]))

    def test_names_no_folder_of_the_build(self):
        for name in packages(0):
            for path, content in self.files(name).items():
                if path.endswith(".gz"):
                    content = gzip.decompress(content)
                self.assertNotIn(str(ROOT).encode(), content, path)

    def test_compressed_files_keep_no_name_and_no_time(self):
        for path, content in self.files("tbot-c").items():
            if path.endswith(".gz"):
                self.assertEqual(b"\x1f\x8b\x08\0\0\0\0\0", content[:8], path)

    def test_same_build_gives_the_same_bytes(self):
        first, second = packages(0), packages(1)
        self.assertEqual(["tbot-authority-c", "tbot-c"], sorted(first))
        for name in first:
            self.assertEqual(first[name].read_bytes(), second[name].read_bytes(), name)

    def test_units_run_the_installed_program_and_its_user(self):
        files = self.files("tbot-c")
        made = files["usr/lib/sysusers.d/tbot-c.conf"].decode()
        for name in ("tbot.service", "tbot@.service"):
            unit = files[f"usr/lib/systemd/system/{name}"].decode()
            self.assertRegex(unit, r"(?m)^ExecStart=/usr/bin/tbot start ")
            user = re.search(r"(?m)^User=(.+)$", unit).group(1)
            self.assertRegex(made, rf"(?m)^u {user} ")

    def test_completion_is_the_program_s(self):
        files = self.files("tbot-c")
        for shell, path in (("bash", "bash-completion/completions/tbot"), ("zsh", "zsh/vendor-completions/_tbot"),
                            ("fish", "fish/vendor_completions.d/tbot.fish")):
            self.assertEqual(self.run_tbot("completion", shell).stdout, files[f"usr/share/{path}"].decode())

    def test_example_is_a_configuration(self):
        text = self.files("tbot-c")["usr/share/doc/tbot-c/examples/tbot.yaml"].decode()
        for path in ("/var/lib/teleport/bot", "/opt/machine-id", "/etc/tbot.token"):
            self.assertIn(path, text)
            text = text.replace(path, str(self.dir / path.replace("/", "-")))
        for name in ("-var-lib-teleport-bot", "-opt-machine-id"):
            (self.dir / name).mkdir(mode=0o700)
        (self.dir / "-etc-tbot.token").write_text("secret")
        (self.dir / "tbot.yaml").write_text(text)
        done = self.run_tbot("test", "-c", self.dir / "tbot.yaml")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)


class Machine(Case):
    """dpkg itself, in a folder with a shell and little else. The service manager notes what it is told."""

    UNITS = """Id=other.service
ExecStart={ path=/usr/sbin/other ; argv[]=/usr/sbin/other ; }
ActiveState=active

Id=mine@web.service
ExecStart={ path=/usr/bin/tbot ; argv[]=/usr/bin/tbot start ; }
ActiveState=active

Id=tbot.service
ExecStart={ path=/usr/local/bin/tbot ; argv[]=/usr/local/bin/tbot start ; }
ActiveState=active

Id=tbot@idle.service
ExecStart={ path=/usr/bin/tbot ; argv[]=/usr/bin/tbot start ; }
ActiveState=inactive
"""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root")
        need("awk", "dpkg", "ldd")
        self.deb = packages(0)["tbot-c"]
        self.root = self.dir / "root"
        for path in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "run/systemd/system", "etc", "tmp",
                     "usr/bin", "usr/sbin", "dev"):
            (self.root / path).mkdir(parents=True)
        (self.root / "dev/null").touch()
        (self.root / "var/lib/dpkg/status").touch()
        for name in ("sh", "awk", "cat", "readlink", "rm"):
            self.bring(name)
        (self.root / "tmp/units").write_text(self.UNITS)
        for name in ("systemctl", "deb-systemd-invoke", "systemd-sysusers"):
            tool = self.root / "usr/bin" / name
            tool.write_text(f'#!/usr/bin/sh\necho "{name} $*" >>/tmp/told\n'
                            '[ "$1" != show ] || cat /tmp/units\n')
            tool.chmod(0o755)
        (self.root / "bin").symlink_to("usr/bin")
        self.before = self.listing()

    def bring(self, name):
        """A program of this machine, with its libraries."""
        program = shutil.which(name)
        for path in (program, *re.findall(r"(/\S+) \(0x", call("ldd", program).decode())):
            copy = pathlib.Path(f"{self.root}{path}")
            if path == program:
                copy = self.root / "usr/bin" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)

    def dpkg(self, *words):
        """Runs it; returns what the service manager was told meanwhile."""
        told = self.root / "tmp/told"
        told.write_text("")
        call("dpkg", f"--root={self.root}", "--force-depends", *words,
             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
        return [line for line in told.read_text().splitlines() if not line.startswith("systemctl show")]

    def listing(self):
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*")
                if not p.is_relative_to(self.root / "var/lib/dpkg")} - {"tmp/told"}

    def test_installing_begins_nothing(self):
        self.assertEqual(["systemd-sysusers tbot-c.conf", "systemctl daemon-reload"], self.dpkg("-i", self.deb))
        self.assertLessEqual(set(AGENT_FILES), self.listing())

    def test_upgrade_restarts_the_agents_that_run_this_program(self):
        self.dpkg("-i", self.deb)
        told = self.dpkg("-i", self.deb)
        self.assertEqual(["deb-systemd-invoke restart mine@web.service"], [t for t in told if "invoke" in t])

    def test_removal_ends_and_disables_what_is_of_the_package(self):
        self.dpkg("-i", self.deb)
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True)
        (wants / "tbot@web.service").symlink_to("/lib/systemd/system/tbot@.service")
        (wants / "tbot.service").symlink_to("/etc/systemd/system/tbot.service")
        told = self.dpkg("-r", "tbot-c")
        self.assertEqual(["deb-systemd-invoke stop mine@web.service", "systemctl daemon-reload"], told)
        self.assertEqual(["tbot.service"], [p.name for p in wants.iterdir()])

    def test_removal_leaves_the_state_alone(self):
        self.dpkg("-i", self.deb)
        (self.root / "var/lib/teleport/bot").mkdir(parents=True)
        (self.root / "var/lib/teleport/bot/tlscert").write_text("the identity")
        for action in ("-r", "-P"):
            self.dpkg(action, "tbot-c")
            self.assertEqual({"var/lib/teleport", "var/lib/teleport/bot", "var/lib/teleport/bot/tlscert"},
                             self.listing() - self.before)
            self.assertLessEqual(self.before, self.listing())


class Bill(Case):
    def check(self, text):
        """The document; that its parts hold together is checked on the way."""
        bill = json.loads(text)
        self.assertEqual("SPDX-2.3", bill["spdxVersion"])
        self.assertEqual("2023-11-14T22:13:20Z", bill["creationInfo"]["created"])
        known = {p["SPDXID"] for p in bill["packages"]} | {"SPDXRef-DOCUMENT"}
        self.assertEqual(len(bill["packages"]) + 1, len(known))
        for link in bill["relationships"]:
            self.assertLessEqual({link["spdxElementId"], link["relatedSpdxElement"]}, known)
        for package in bill["packages"]:
            self.assertTrue(package["versionInfo"], package)
            self.assertNotIn("NOASSERTION", package["licenseDeclared"])
        return bill

    def linked(self, bill, kind):
        ids = {r["relatedSpdxElement"] for r in bill["relationships"] if r["relationshipType"] == kind}
        return {p["name"]: p["comment"] for p in bill["packages"] if p["SPDXID"] in ids}

    def test_names_what_is_loaded_and_what_is_inside(self):
        files = dict((m.name.removeprefix("./"), c) for m, c in members(packages(0)["tbot-c"]))
        bill = self.check(files["usr/share/doc/tbot-c/tbot.spdx.json"])
        loaded = " ".join(self.linked(bill, "DYNAMIC_LINK").values())
        needed = re.findall(r"\(NEEDED\).*\[(.+?)\.so", call("readelf", "-d", os.environ["TBOT"]).decode())
        self.assertIn("libssl", needed)
        for library in needed:
            if not library.startswith("ld-linux"):
                self.assertIn(f"{library}.so", loaded)
        inside = self.linked(bill, "STATIC_LINK")
        if "libgrpc_unsecure" not in needed:
            self.assertIn("libgrpc_unsecure.a", inside["libgrpc-dev"])
        copyright_text = files["usr/share/doc/tbot-c/copyright"].decode()
        for package in inside:
            text = pathlib.Path("/usr/share/doc", package, "copyright").read_text(errors="replace")
            self.assertIn(text.strip(), copyright_text, package)

    def test_says_who_the_program_is(self):
        files = dict((m.name.removeprefix("./"), c) for m, c in members(packages(0)["tbot-c"]))
        notes = call("readelf", "-n", os.environ["TBOT"]).decode()
        self.assertIn(re.search(r"Build ID: (\w+)", notes).group(1),
                      files["usr/share/doc/tbot-c/tbot.spdx.json"].decode())

    def test_of_the_static_program_has_nothing_to_load(self):
        bill = self.check((static_program().parent / "tbot.spdx.json").read_text())
        self.assertEqual({}, self.linked(bill, "DYNAMIC_LINK"))
        self.assertIn("libcrypto.a", self.linked(bill, "STATIC_LINK")["libssl-dev"])
        self.assertIn("ca-certificates", self.linked(bill, "CONTAINS"))

    def test_unknown_licence_stops_it(self):
        copy = self.dir / "sbom"
        shutil.copytree(ROOT / "packaging/sbom", copy)
        table = (copy / "licences").read_text()
        (copy / "licences").write_text(re.sub(r"(?m)^openssl .*\n", "", table))
        program = os.environ["TBOT"]
        packages(0)
        done = subprocess.run([copy / "bill", "--program", program, "--map", f"{program}.map", "--name", "tbot",
                               "--version", "1", "--directory", self.dir], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("'openssl' is linked and its licence is not in", done.stderr)


class StaticProgram(Case):
    def test_loads_nothing(self):
        self.assertNotIn(b"INTERP", call("readelf", "-lW", static_program()))
        self.assertNotIn(b"NEEDED", call("readelf", "-dW", static_program()))

    def test_serves_its_diagnostics_without_gnutls(self):
        agent = self.agent(self.authority(), program=static_program())
        process = agent.start()
        agent.wait_output()
        local = Diag(agent.storage / "diag.sock")
        wait_until("readiness", lambda: local.code("/readyz") == 200, still_worth_it=process.must_live)
        self.assertEqual(0, process.stop())


class Image(Case):
    def blob(self, reference):
        content = (layout(0) / "oci/blobs" / reference["digest"].replace(":", "/")).read_bytes()
        self.assertEqual(reference["digest"], "sha256:" + hashlib.sha256(content).hexdigest())
        self.assertEqual(reference["size"], len(content))
        return content

    def manifest(self):
        index = json.loads((layout(0) / "oci/index.json").read_bytes())
        (reference,) = index["manifests"]
        self.assertRegex(reference["annotations"]["org.opencontainers.image.ref.name"], r"^\w[\w.-]{0,127}$")
        return reference, json.loads(self.blob(reference))

    def layer(self):
        """The one layer's tar, opened."""
        _, manifest = self.manifest()
        (reference,) = manifest["layers"]
        self.assertEqual("application/vnd.oci.image.layer.v1.tar+gzip", reference["mediaType"])
        return tarfile.open(fileobj=io.BytesIO(gzip.decompress(self.blob(reference))))

    def test_layout_holds_together(self):
        reference, manifest = self.manifest()
        config = json.loads(self.blob(manifest["config"]))
        layer = gzip.decompress(self.blob(manifest["layers"][0]))
        self.assertEqual(["sha256:" + hashlib.sha256(layer).hexdigest()], config["rootfs"]["diff_ids"])
        self.assertEqual(["/usr/bin/tbot"], config["config"]["Entrypoint"])
        self.assertEqual(f"{USER}:{USER}", config["config"]["User"])
        self.assertEqual("abcdef", config["config"]["Labels"]["org.opencontainers.image.revision"])
        self.assertIn("LGPL-2.1-or-later", manifest["annotations"]["org.opencontainers.image.licenses"])
        blobs = {p.name for p in (layout(0) / "oci/blobs/sha256").iterdir()}
        named = {r["digest"].split(":")[1] for r in (reference, manifest["config"], *manifest["layers"])}
        self.assertEqual(named, blobs)
        self.assertEqual({"imageLayoutVersion": "1.0.0"}, json.loads((layout(0) / "oci/oci-layout").read_bytes()))

    def test_has_the_program_the_roots_and_nothing_else(self):
        with self.layer() as archive:
            self.assertEqual({"usr/bin/tbot", "etc/ssl/certs/ca-certificates.crt", "usr/lib/ssl/cert.pem",
                              "usr/lib/ssl/certs"}, {m.name for m in archive if not m.isdir()})
            for member in archive:
                self.assertEqual((0, 0, EPOCH), (member.uid, member.gid, member.mtime), member.name)
            roots = archive.extractfile("etc/ssl/certs/ca-certificates.crt").read()
        self.assertGreater(roots.count(b"-----BEGIN CERTIFICATE-----\n"), 50)
        self.assertNotIn(b"----------", roots.replace(b"-----\n-----", b""))

    def test_same_program_gives_the_same_bytes(self):
        self.assertEqual((layout(0) / "oci.tar").read_bytes(), (layout(1) / "oci.tar").read_bytes())

    def test_tar_is_the_layout(self):
        with tarfile.open(layout(0) / "oci.tar") as archive:
            inside = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
        outside = layout(0) / "oci"
        self.assertEqual({str(p.relative_to(outside)): p.read_bytes() for p in outside.rglob("*") if p.is_file()},
                         inside)

    # In the image, as a container would run it.

    def unpack(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        root = self.dir / "root"
        root.mkdir()
        with self.layer() as archive:
            archive.extractall(root)
        self.dir.chmod(0o755)
        return root

    def enter(self, root, *argv):
        def become():
            os.chroot(root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
        return subprocess.run([str(word) for word in argv], env={"PATH": "/usr/bin"}, preexec_fn=become, text=True,
                              capture_output=True, timeout=LIMIT_S, check=False)

    def test_program_says_its_version(self):
        done = self.enter(self.unpack(), "/usr/bin/tbot", "version")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"^tbot v\d")

    def join(self, root, host):
        """One pass in there, with the authority by that name; what is left of the configuration is outside."""
        authority = self.authority()
        port = authority.auth_addr.rsplit(":", 1)[1]
        agent = Agent(self.spawn, root, authority, storage=root / "state", output=root / "out",
                      address=f"{host}:{port}")
        agent.config.write_text(agent.config.read_text().replace(str(root), ""))
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/exe").symlink_to("/usr/bin/tbot")  # of a container's /proc all that is asked for
        for path in (agent.storage, agent.output, agent.config):
            os.chown(path, USER, USER)
        done = self.enter(root, "/usr/bin/tbot", "start", "-c", "/agent.yaml", "--oneshot")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(1, authority.generation())
        self.assertTrue(agent.output_is_consistent())

    def test_finds_a_host_in_its_file_of_hosts(self):
        root = self.unpack()
        (root / "etc/hosts").write_text("127.0.0.1 cluster.internal\n")
        self.join(root, "cluster.internal")

    def test_finds_a_host_by_dns_whatever_the_machine_is_set_to(self):
        root = self.unpack()
        server = NameServer()
        self.addCleanup(server.close)
        (root / "etc/resolv.conf").write_text(f"nameserver {server.address}\n")
        (root / "etc/nsswitch.conf").write_text("hosts: nothing_that_is_there\n")
        self.join(root, "cluster.example")
        self.assertIn(b"\x07cluster\x07example\0", server.asked)


class NameServer:
    """Every name is 127.0.0.1."""

    def __init__(self):
        self.asked = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.53.{os.urandom(1)[0]}.{1 + os.urandom(1)[0] % 250}"
        try:
            self.socket.bind((self.address, 53))
        except OSError as e:
            raise unittest.SkipTest(f"cannot listen for DNS: {e}") from e
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if not query:
                return
            end = query.index(0, 12) + 5  # the name's last byte, type, class
            self.asked.add(query[12:end - 4])
            is_ipv4 = query[end - 4:end - 2] == b"\0\1"
            head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, is_ipv4, 0, 0)
            answer = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 60, 4) + bytes([127, 0, 0, 1])
            self.socket.sendto(head + query[12:end] + (answer if is_ipv4 else b""), peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (self.address, 53))
        self.thread.join()
        self.socket.close()


if __name__ == "__main__":
    main()
