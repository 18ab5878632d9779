/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_calls.h"

#include "base/cleanup.h"
#include "base/seccomp.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array_) (sizeof(array_) / sizeof(*(array_)))

/* Conditions on arguments. An int is half a register; the kernel does not look at the other half. */
#define INT_IS(at_, value_)                                                                        \
    {                                                                                              \
        (at_), UINT32_MAX, (uint32_t)(value_)                                                      \
    }
#define HAS_BITS(at_, mask_, bits_)                                                                \
    {                                                                                              \
        (at_), (mask_), (bits_)                                                                    \
    }
#define IS_NULL(at_)                                                                               \
    {                                                                                              \
        (at_), UINT64_MAX, 0                                                                       \
    }
#define WHERE(...) .ifs = {__VA_ARGS__}, .n_ifs = COUNT(((struct seccomp_if[]){__VA_ARGS__}))

/* Not in the headers of an older kernel: libc names its memory with it. */
#define NAME_MEMORY 0x53564d41

/* Where clone(2) has its flags. */
#if defined(__s390__) || defined(__cris__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)
#define SOCKET_TYPE 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

#define MAKES_FILE (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
#define SET_ID (S_ISUID | S_ISGID)

/* Some exist on one architecture only, or for 64 bit on 32: libc takes what there is. */
/* clang-format off */
static const struct seccomp_rule plain[] = {
    /* files */
    {"close"}, {"close_range"}, {"read"}, {"write"}, {"readv"}, {"writev"}, {"pread64"},
    {"pwrite64"}, {"lseek"}, {"_llseek"}, {"fsync"}, {"fdatasync"}, {"ftruncate"}, {"ftruncate64"},
    {"fallocate"}, {"flock"}, {"dup"}, {"dup2"}, {"dup3"}, {"umask"}, {"getcwd"},
    {"stat"}, {"stat64"}, {"lstat"}, {"lstat64"}, {"fstat"}, {"fstat64"}, {"newfstatat"}, {"fstatat64"},
    {"statx"}, {"statfs"}, {"statfs64"}, {"fstatfs"}, {"fstatfs64"}, {"access"}, {"faccessat"}, {"faccessat2"},
    {"readlink"}, {"readlinkat"}, {"getdents"}, {"getdents64"}, {"rename"}, {"renameat"}, {"renameat2"},
    {"unlink"}, {"unlinkat"}, {"rmdir"}, {"mkdir"}, {"mkdirat"}, {"symlink"}, {"symlinkat"}, {"link"},
    {"linkat"}, {"fchown"}, {"fchown32"}, {"fgetxattr"}, {"fsetxattr"}, {"fremovexattr"},
    /* waiting */
    {"poll"}, {"ppoll"}, {"ppoll_time64"}, {"select"}, {"_newselect"}, {"pselect6"}, {"pselect6_time64"},
    {"epoll_create"}, {"epoll_create1"}, {"epoll_ctl"}, {"epoll_wait"}, {"epoll_pwait"}, {"epoll_pwait2"},
    {"eventfd2"}, {"pipe"}, {"pipe2"}, {"signalfd4"}, {"timerfd_create"}, {"timerfd_settime"},
    {"timerfd_settime64"}, {"timerfd_gettime"}, {"timerfd_gettime64"}, {"nanosleep"}, {"clock_nanosleep"},
    {"clock_nanosleep_time64"},
    /* sockets; which ones can be made stands below */
    {"bind"}, {"listen"}, {"accept"}, {"accept4"}, {"connect"}, {"shutdown"}, {"getsockname"},
    {"getpeername"}, {"getsockopt"}, {"setsockopt"}, {"send"}, {"sendto"}, {"sendmsg"}, {"sendmmsg"}, {"recv"},
    {"recvfrom"}, {"recvmsg"}, {"recvmmsg"}, {"recvmmsg_time64"},
    /* memory */
    {"brk"}, {"munmap"}, {"mremap"}, {"madvise"}, {"mlock"}, {"mlock2"}, {"munlock"}, {"mincore"},
    {"membarrier"},
    /* threads and signals */
    {"futex"}, {"futex_time64"}, {"futex_waitv"}, {"set_robust_list"}, {"get_robust_list"}, {"rseq"},
    {"set_thread_area"}, {"arch_prctl"}, {"sched_yield"}, {"sched_getaffinity"}, {"sched_getparam"},
    {"sched_getscheduler"}, {"getcpu"}, {"wait4"}, {"waitid"}, {"waitpid"}, {"exit"}, {"exit_group"}, {"restart_syscall"}, {"rt_sigaction"},
    {"rt_sigprocmask"}, {"rt_sigpending"}, {"rt_sigsuspend"}, {"rt_sigtimedwait"}, {"rt_sigtimedwait_time64"},
    {"rt_sigreturn"}, {"sigreturn"}, {"sigaltstack"}, {"timer_create"}, {"timer_settime"},
    {"timer_settime64"}, {"timer_gettime"}, {"timer_gettime64"}, {"timer_getoverrun"}, {"timer_delete"},
    /* what time it is, who we are, what there is */
    {"clock_gettime"}, {"clock_gettime64"}, {"clock_getres"}, {"clock_getres_time64"}, {"gettimeofday"},
    {"time"}, {"times"}, {"getrandom"}, {"getpid"}, {"gettid"}, {"getppid"}, {"getuid"}, {"getuid32"},
    {"geteuid"}, {"geteuid32"}, {"getgid"}, {"getgid32"}, {"getegid"}, {"getegid32"}, {"getgroups"},
    {"getgroups32"}, {"getrusage"}, {"getrlimit"}, {"ugetrlimit"}, {"uname"}, {"sysinfo"}, {"cacheflush"},
};

static const struct seccomp_rule deadly[] = {
    {"execve", SECCOMP_KILL}, {"execveat", SECCOMP_KILL}, {"fork", SECCOMP_KILL}, {"vfork", SECCOMP_KILL},
    /* other processes */
    {"ptrace", SECCOMP_KILL}, {"process_vm_readv", SECCOMP_KILL}, {"process_vm_writev", SECCOMP_KILL},
    {"pidfd_getfd", SECCOMP_KILL},
    /* what attacks on kernels begin with */
    {"bpf", SECCOMP_KILL}, {"userfaultfd", SECCOMP_KILL}, {"perf_event_open", SECCOMP_KILL},
    {"io_uring_setup", SECCOMP_KILL}, {"modify_ldt", SECCOMP_KILL},
    {"keyctl", SECCOMP_KILL}, {"add_key", SECCOMP_KILL}, {"request_key", SECCOMP_KILL},
    /* mounts and namespaces */
    {"mount", SECCOMP_KILL}, {"umount", SECCOMP_KILL}, {"umount2", SECCOMP_KILL},
    {"pivot_root", SECCOMP_KILL}, {"chroot", SECCOMP_KILL}, {"open_tree", SECCOMP_KILL},
    {"move_mount", SECCOMP_KILL}, {"fsopen", SECCOMP_KILL}, {"fspick", SECCOMP_KILL},
    {"fsconfig", SECCOMP_KILL}, {"fsmount", SECCOMP_KILL}, {"mount_setattr", SECCOMP_KILL},
    {"setns", SECCOMP_KILL}, {"unshare", SECCOMP_KILL}, {"open_by_handle_at", SECCOMP_KILL},
    /* the machine */
    {"init_module", SECCOMP_KILL}, {"finit_module", SECCOMP_KILL}, {"delete_module", SECCOMP_KILL},
    {"kexec_load", SECCOMP_KILL}, {"kexec_file_load", SECCOMP_KILL}, {"reboot", SECCOMP_KILL},
    {"swapon", SECCOMP_KILL}, {"swapoff", SECCOMP_KILL}, {"acct", SECCOMP_KILL}, {"quotactl", SECCOMP_KILL},
    {"settimeofday", SECCOMP_KILL}, {"clock_settime", SECCOMP_KILL}, {"clock_settime64", SECCOMP_KILL},
    {"sethostname", SECCOMP_KILL}, {"setdomainname", SECCOMP_KILL}, {"syslog", SECCOMP_KILL},
    {"iopl", SECCOMP_KILL}, {"ioperm", SECCOMP_KILL},
};
/* clang-format on */

/* clone3(2) has its flags in memory, where no filter sees them: libc falls back to clone(2). */
static const struct seccomp_rule judged[] = {
    {"clone3", SECCOMP_ABSENT},
    {"clone", WHERE(HAS_BITS(CLONE_FLAGS, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD))},
    {"clone", SECCOMP_KILL, WHERE(HAS_BITS(CLONE_FLAGS, CLONE_THREAD, 0))},

    /*
     * No program that runs as its owner, root perhaps, is left for somebody else. Directories are given their
     * group's bit by fchmod(2), which looks the same.
     */
    {"open", WHERE(HAS_BITS(1, MAKES_FILE, 0))},
    {"open", WHERE(HAS_BITS(2, SET_ID, 0))},
    {"openat", WHERE(HAS_BITS(2, MAKES_FILE, 0))},
    {"openat", WHERE(HAS_BITS(3, SET_ID, 0))},
    {"fchmod", WHERE(HAS_BITS(1, S_ISUID, 0))},

    {"mmap", WHERE(HAS_BITS(2, PROT_EXEC, 0))},
    {"mmap2", WHERE(HAS_BITS(2, PROT_EXEC, 0))},
    {"mprotect", WHERE(HAS_BITS(2, PROT_EXEC, 0))},

    {"socket", WHERE(INT_IS(0, AF_UNIX))},
    {"socket", WHERE(INT_IS(0, AF_INET), HAS_BITS(1, SOCKET_TYPE, SOCK_STREAM))},
    {"socket", WHERE(INT_IS(0, AF_INET), HAS_BITS(1, SOCKET_TYPE, SOCK_DGRAM))},
    {"socket", WHERE(INT_IS(0, AF_INET6), HAS_BITS(1, SOCKET_TYPE, SOCK_STREAM))},
    {"socket", WHERE(INT_IS(0, AF_INET6), HAS_BITS(1, SOCKET_TYPE, SOCK_DGRAM))},
    {"socket", WHERE(INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_ROUTE))}, /* libc: our addresses */
    {"socketpair", WHERE(INT_IS(0, AF_UNIX))},

    {"ioctl", WHERE(INT_IS(1, TCGETS))}, /* is it a terminal? */
    {"ioctl", WHERE(INT_IS(1, FIONREAD))},
    {"ioctl", WHERE(INT_IS(1, FIONBIO))},
    {"ioctl", WHERE(INT_IS(1, SIOCGIFINDEX))}, /* of fe80::1%eth0 */
    {"ioctl", WHERE(INT_IS(1, SIOCGIFNAME))},

    {"prctl", WHERE(INT_IS(0, PR_SET_NAME))},
    {"prctl", WHERE(INT_IS(0, PR_GET_NAME))},
    {"prctl", WHERE(INT_IS(0, PR_GET_DUMPABLE))},
    {"prctl", WHERE(INT_IS(0, NAME_MEMORY))},

    {"prlimit64", WHERE(INT_IS(0, 0), IS_NULL(2))}, /* ours are read, none are set */
};

/* Signals go to our own threads only: profiles ask each where it is, and abort(3) ends us. */
static RESULT add_signals(struct seccomp_filter *f)
{
    const struct seccomp_rule own[] = {
        {"tgkill", WHERE(INT_IS(0, getpid()))},
        {"rt_tgsigqueueinfo", WHERE(INT_IS(0, getpid()))},
    };
    return seccomp_filter_add(f, own, COUNT(own));
}

/*
 * What is done with descriptors. Whom the kernel signals about one, and how (F_SETOWN, F_SETSIG), is not:
 * that could be any process, and SIGKILL.
 */
static RESULT add_descriptors(struct seccomp_filter *f)
{
    static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,  F_SETFD, F_GETFL,
                                   F_SETFL, F_GETLK,         F_SETLKW, F_SETLK};
    for (size_t i = 0; i < COUNT(commands); i++) {
        const struct seccomp_rule both[] = {
            {"fcntl", WHERE(INT_IS(1, commands[i]))},
            {"fcntl64", WHERE(INT_IS(1, commands[i]))},
        };
        TRY(seccomp_filter_add(f, both, COUNT(both)));
    }
    return NULL;
}

RESULT sandbox_calls_enter(void)
{
    CLEANUP(seccomp_filter_release) struct seccomp_filter f = {0};
    TRY(seccomp_filter_init(&f));
    TRY(seccomp_filter_add(&f, plain, COUNT(plain)));
    TRY(seccomp_filter_add(&f, deadly, COUNT(deadly)));
    TRY(seccomp_filter_add(&f, judged, COUNT(judged)));
    TRY(add_signals(&f));
    TRY(add_descriptors(&f));
    return seccomp_filter_enter(&f);
}
