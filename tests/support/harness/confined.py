# SPDX-License-Identifier: Apache-2.0
"""What systemd does to the process of a unit, done without systemd: needs root, and namespaces to be allowed.

    python3 -m harness.confined VIEW -- ARGV...         ARGV on the "host" of the test
    python3 -m harness.confined VIEW UNIT               ExecStart= of that unit, under its restrictions
    python3 -m harness.confined VIEW UNIT -- ARGV...    ARGV under them

VIEW is a directory: VIEW/srv, var-lib and run take the places of /srv, /var/lib and /run, VIEW/passwd and group those of
the files in /etc; the program under test is /srv/bin/tbot. What becomes of ARGV keeps the process's number.
"""

import ctypes
import os
import pathlib
import resource
import signal
import socket
import stat
import sys

from . import seccomp
from .unit import Unit

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 8, 24, 38, 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION = 0x20080522
CAPABILITIES = {"CAP_KILL": 5}
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
NODES = ("null", "zero", "full", "random", "urandom", "tty")

# What is done here of a unit, and what is not: it says nothing of what the process may do, or no capability is left to do
# what it forbids. A unit with anything else fails the test: somebody has to think about it.
DONE = {"User", "Group", "StateDirectory", "StateDirectoryMode", "RuntimeDirectory", "ReadWritePaths", "SetCredential",
        "LoadCredential", "CapabilityBoundingSet", "AmbientCapabilities", "NoNewPrivileges", "ProtectSystem",
        "ProtectHome", "PrivateTmp", "PrivateDevices", "PrivateIPC", "PrivateMounts", "ProtectProc", "ProcSubset",
        "ProtectHostname", "RestrictNamespaces", "RestrictSUIDSGID", "RestrictAddressFamilies",
        "MemoryDenyWriteExecute", "SystemCallFilter", "SystemCallErrorNumber", "LimitNOFILE", "LimitCORE", "UMask",
        "ExecStart"}
NOT_DONE = {"Description", "Documentation", "After", "Type", "NotifyAccess", "ExecReload", "Restart", "RestartSec",
            "RestartPreventExitStatus", "WatchdogSec", "TimeoutStopSec", "KillMode", "WantedBy",
            "RuntimeDirectoryPreserve", "ProtectClock", "ProtectKernelLogs", "ProtectKernelModules",
            "ProtectKernelTunables", "ProtectControlGroups", "RestrictRealtime", "LockPersonality", "KeyringMode",
            "SystemCallArchitectures", "DevicePolicy"}


def check(done, what):
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind=None, flags=0, data=None):
    texts = [None if text is None else str(text).encode() for text in (source, target, kind, data)]
    check(LIBC.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]), f"mounting {target}")


def bind(source, target):
    mount(source, target, flags=MS_BIND | MS_REC)


def set_read_only(path, is_on, recursive):
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY if is_on else 0, 0 if is_on else MOUNT_ATTR_RDONLY, 0, 0)
    check(LIBC.syscall(MOUNT_SETATTR, AT_FDCWD, str(path).encode(), AT_RECURSIVE if recursive else 0, attributes,
                       ctypes.c_size_t(ctypes.sizeof(attributes))), f"making {path} read-only")


def prctl(*args):
    padded = (*args, 0, 0, 0, 0)[:5]
    check(LIBC.prctl(*(ctypes.c_ulong(arg) for arg in padded)), "prctl")


def enter_host(view):
    """The machine as the test has it."""
    check(LIBC.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC), "unshare")
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    bind(os.environ["TBOT"], view / "srv/bin/tbot")
    for name, place in (("srv", "/srv"), ("var-lib", "/var/lib"), ("run", "/run"), ("passwd", "/etc/passwd"),
                        ("group", "/etc/group")):
        bind(view / name, place)


def number_of(name, path):
    """Of a user or group, by the file: this process may have asked the real one before."""
    lines = (line.split(":") for line in pathlib.Path(path).read_text().splitlines())
    return next(int(fields[2]) for fields in lines if fields[0] == name)


def make_directories(unit, user, group):
    made = []
    for key, place in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
        for name in unit.words(key):
            path = pathlib.Path(place, name)
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(int(unit.one(key + "Mode", "0755"), 8))
            os.chown(path, user, group)
            made.append(path)
    return made


def hand_over_credentials(unit, user):
    """A directory of memory that the user alone reads."""
    place = pathlib.Path("/run/credentials/tbot.service")
    place.mkdir(parents=True, exist_ok=True)
    mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=0500,uid={user}")
    fallback = dict(value.split(":", 1) for value in unit.all("SetCredential"))
    for value in unit.all("LoadCredential"):
        name, path = value.replace("%%", "%").split(":", 1)
        source = pathlib.Path(path)
        content = source.read_bytes() if source.exists() else fallback[name].encode().decode("unicode_escape").encode()
        (place / name).write_bytes(content)
        os.chown(place / name, user, -1)
        (place / name).chmod(0o400)
    return place


def close_devices():
    scratch = pathlib.Path("/run/devices")
    scratch.mkdir(exist_ok=True)
    mount("tmpfs", scratch, "tmpfs", MS_NOSUID, "mode=0755")
    for name in NODES:
        os.mknod(scratch / name, 0o666 | stat.S_IFCHR, os.stat(f"/dev/{name}").st_rdev)
        (scratch / name).chmod(0o666)
    bind(scratch, "/dev")


def close_filesystem(unit, writable):
    for place in ("/tmp", "/var/tmp"):
        mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for place in writable:
        bind(place, place)
    set_read_only("/", True, recursive=True)
    for place in [*writable, "/tmp", "/var/tmp", "/dev"]:
        set_read_only(place, False, recursive=False)
    if unit.one("ProtectHome") == "yes":
        for place in ("/home", "/root"):
            mount("tmpfs", place, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0000,size=4k")
    hidden = {"default": "off"}.get(unit.one("ProtectProc"), unit.one("ProtectProc"))
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV, f"hidepid={hidden},subset={unit.one('ProcSubset')}")


def drop_capabilities(kept):
    """From the bounding set: what is not in it can never come back."""
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)) - set(kept):
        prctl(PR_CAPBSET_DROP, capability)


def hold_capabilities(kept):
    """As ambient ones, which a program that is executed gets."""
    mask = sum(1 << capability for capability in kept)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    check(LIBC.capset(header, data), "capset")
    for capability in kept:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def become(user, group, kept):
    os.setgroups([group])
    prctl(PR_SET_KEEPCAPS, 1)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    hold_capabilities(kept)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of the user cleared it


def close_system_calls(unit, calls):
    seccomp.no_new_code()
    seccomp.no_namespaces()
    seccomp.no_set_id()
    seccomp.only_families([getattr(socket, name) for name in unit.words("RestrictAddressFamilies")])
    seccomp.only_calls(calls)


def confine(unit):
    """All of it; returns what the environment gets."""
    unknown = unit.keys() - DONE - NOT_DONE
    if unknown:
        raise SystemExit(f"harness/confined.py does not know {sorted(unknown)}")
    assert unit.one("ProtectSystem") == "strict", "not what is done here"
    kept = [CAPABILITIES[name] for name in unit.words("AmbientCapabilities")]
    assert unit.words("CapabilityBoundingSet") == unit.words("AmbientCapabilities")
    calls = seccomp.allowed(unit.all("SystemCallFilter"))
    user, group = number_of(unit.one("User"), "/etc/passwd"), number_of(unit.one("Group"), "/etc/group")
    writable = make_directories(unit, user, group)
    writable += [path for path in (word.removeprefix("-") for word in unit.words("ReadWritePaths"))
                 if os.path.exists(path)]
    credentials = hand_over_credentials(unit, user) if unit.all("LoadCredential") else None
    drop_capabilities(kept)
    close_devices()
    close_filesystem(unit, writable)
    for key, limit in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE)):
        most = resource.getrlimit(limit)[1]  # who may not raise it has not more to give
        wanted = int(unit.one(key))
        resource.setrlimit(limit, (wanted if most == resource.RLIM_INFINITY else min(wanted, most),) * 2)
    os.umask(int(unit.one("UMask"), 8))
    os.chdir("/")
    become(user, group, kept)
    close_system_calls(unit, calls)
    return {"CREDENTIALS_DIRECTORY": str(credentials)} if credentials else {}


def main(view, *words):
    environment = dict(os.environ)
    at = words.index("--") if "--" in words else len(words)
    argv = list(words[at + 1:])
    enter_host(pathlib.Path(view))
    if at == 1:
        unit = Unit.read(words[0])
        argv = argv or unit.command("ExecStart")
        environment |= confine(unit)
    os.execve(argv[0], argv, environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
