# SPDX-License-Identifier: Apache-2.0
"""System call filters as a service manager makes them of a unit, by libseccomp, on this process."""

import ctypes
import errno
import os
import subprocess

ALLOW = 0x7FFF0000
NE, GE, EQ, MASKED_EQ = 1, 5, 4, 7
UNKNOWN = -1
CLONE_NEW = 0x7E020080  # every namespace's flag
PROT_WRITE, PROT_EXEC = 2, 4
SET_ID_BITS = 0o6000


def error(number):
    return 0x00050000 | number


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def library():
    """libseccomp; OSError where it is missing."""
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                           ctypes.POINTER(Compare)]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    return lib


class Filter:
    """`otherwise` is done where no rule says anything. The process must have no_new_privs."""

    def __init__(self, otherwise):
        self.lib = library()
        self.context = self.lib.seccomp_init(otherwise)

    def rule(self, action, name, *compare):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number == UNKNOWN:
            return  # of another architecture, or newer than the library: systemd leaves it out as well
        array = (Compare * len(compare))(*compare)
        done = self.lib.seccomp_rule_add_array(self.context, action, number, len(compare), array)
        if done != 0 and done not in (-errno.EEXIST, -errno.EDOM):
            raise OSError(-done, f"seccomp rule for {name}")

    def load(self):
        done = self.lib.seccomp_load(self.context)
        if done != 0:
            raise OSError(-done, "loading the seccomp filter")


def groups():
    """The @groups of system calls as this machine's systemd has them: names to members."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True, capture_output=True,
                          text=True).stdout
    found, members = {}, None
    for line in text.splitlines():
        if line.startswith("@"):
            members = found[line.strip()] = []
        elif line.startswith("    ") and line.strip()[0] != "#":
            members.append(line.strip())
    return found


def expand(words, known):
    """The system calls that names and @groups stand for."""
    names = set()
    for word in words:
        names |= expand(known[word], known) if word.startswith("@") else {word}
    return names


def allowed(lines):
    """What several SystemCallFilter= lines come to: each adds, or with '~' takes away."""
    known, names = groups(), set()
    for line in lines:
        if line.startswith("~"):
            names -= expand(line[1:].split(), known)
        else:
            names |= expand(line.split(), known)
    return names | {"execve", "exit", "exit_group", "rt_sigreturn"}


def only_calls(names):
    """Every other system call fails with EPERM."""
    rules = Filter(error(errno.EPERM))
    for name in sorted(names):
        rules.rule(ALLOW, name)
    rules.load()


def only_families(numbers):
    """Sockets of every other family fail."""
    rules = Filter(ALLOW)
    for family in range(46):  # AF_MAX of today
        if family not in numbers:
            rules.rule(error(errno.EAFNOSUPPORT), "socket", Compare(0, EQ, family))
    rules.load()


def no_namespaces():
    rules = Filter(ALLOW)
    rules.rule(error(errno.EPERM), "setns")
    for flag in (1 << bit for bit in range(32) if CLONE_NEW & 1 << bit):
        rules.rule(error(errno.EPERM), "unshare", Compare(0, MASKED_EQ, flag, flag))
        rules.rule(error(errno.EPERM), "clone", Compare(0, MASKED_EQ, flag, flag))
    rules.rule(error(errno.ENOSYS), "clone3")
    rules.load()


def no_new_code():
    """MemoryDenyWriteExecute=."""
    rules = Filter(ALLOW)
    both = PROT_WRITE | PROT_EXEC
    rules.rule(error(errno.EPERM), "mmap", Compare(2, MASKED_EQ, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        rules.rule(error(errno.EPERM), name, Compare(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    rules.load()


def no_set_id():
    rules = Filter(ALLOW)
    for bit in (0o4000, 0o2000):
        for name, arg in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1),
                          ("creat", 1), ("open", 2), ("openat", 3)):
            if name in ("open", "openat"):
                create = Compare(arg - 1, MASKED_EQ, os.O_CREAT, os.O_CREAT)
                rules.rule(error(errno.EPERM), name, create, Compare(arg, MASKED_EQ, bit, bit))
            else:
                rules.rule(error(errno.EPERM), name, Compare(arg, MASKED_EQ, bit, bit))
    rules.load()
