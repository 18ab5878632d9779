/* SPDX-License-Identifier: Apache-2.0 */
/* Each in a child of its own: nothing opens a filter again. */
#include "agent/sandbox_calls.h"

#include "tests/support/assert_err.h"
#include "tests/support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAILED 200 /* what no errno is */
#define NETLINK_OF_AUDIT 9

struct attempt {
    const char *name;
    long (*fn)(void);
};

static int in_child(void *arg)
{
    const struct attempt *a = arg;
    struct err *e = sandbox_calls_enter();
    if (e)
        return FAILED;
    errno = 0;
    return a->fn() < 0 ? errno : 0;
}

/* ThreadSanitizer makes system calls of its own all the time; an agent built for it has no filter either. */
#ifdef __SANITIZE_THREAD__
#define HAS_OTHER_CALLS true
#else
#define HAS_OTHER_CALLS false
#endif

static void check(struct attempt *attempts, size_t n, int expected)
{
    if (HAS_OTHER_CALLS)
        skip();
    for (size_t i = 0; i < n; i++) {
        int outcome = child_run(in_child, &attempts[i]);
        if (outcome != expected)
            fail_msg("%s: %d instead of %d", attempts[i].name, outcome, expected);
    }
}

#define CHECK(attempts_, expected_)                                                                \
    check((attempts_), sizeof(attempts_) / sizeof(*(attempts_)), (expected_))
#define TRY_IT(name_, expression_)                                                                 \
    static long name_(void)                                                                        \
    {                                                                                              \
        return expression_;                                                                        \
    }
#define ONE(name_)                                                                                 \
    {                                                                                              \
#name_, name_                                                                              \
    }

/* --- what kills --- */

TRY_IT(execute, execl("/bin/true", "true", (char *)NULL))
TRY_IT(execute_at, syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0))
TRY_IT(fork_one, fork())
#ifdef SYS_fork /* older than the architectures that have none */
TRY_IT(fork_plainly, syscall(SYS_fork))
TRY_IT(fork_and_wait, syscall(SYS_vfork))
#endif
TRY_IT(clone_one, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
TRY_IT(trace, ptrace(PTRACE_TRACEME, 0, 0, 0))
TRY_IT(look_into_another, syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0))
TRY_IT(mount_it, mount("none", "/", "tmpfs", 0, NULL))
TRY_IT(leave_namespace, unshare(CLONE_NEWUSER))
TRY_IT(load_bpf, syscall(SYS_bpf, 0, NULL, 0))
TRY_IT(use_keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
TRY_IT(handle_faults, syscall(SYS_userfaultfd, 0))
TRY_IT(watch_processor, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0))
TRY_IT(load_module, syscall(SYS_init_module, NULL, 0, ""))
TRY_IT(load_kernel, syscall(SYS_kexec_load, 0, 0, NULL, 0))

static void test_what_has_no_business_here_kills(void **state)
{
    (void)state;
    struct attempt deadly[] = {
        ONE(execute),     ONE(execute_at),        ONE(fork_one),      ONE(clone_one),
        ONE(trace),       ONE(look_into_another), ONE(mount_it),      ONE(leave_namespace),
        ONE(load_bpf),    ONE(use_keys),          ONE(handle_faults), ONE(watch_processor),
        ONE(load_module), ONE(load_kernel),
    };
    CHECK(deadly, -SIGSYS);
#ifdef SYS_fork
    struct attempt older[] = {ONE(fork_plainly), ONE(fork_and_wait)};
    CHECK(older, -SIGSYS);
#endif
}

/* --- what is refused --- */

TRY_IT(packet_socket, socket(AF_PACKET, SOCK_RAW, 0))
TRY_IT(raw_socket, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
TRY_IT(audit_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_OF_AUDIT))
TRY_IT(machine_socket, socket(AF_VSOCK, SOCK_STREAM, 0))
TRY_IT(thread_in_namespace, syscall(SYS_clone, CLONE_THREAD | CLONE_NEWUSER, 0, 0, 0, 0))
TRY_IT(change_mode, chmod("/", 0700))
TRY_IT(signal_another, kill(getppid(), 0))
TRY_IT(signal_thread_of_another, syscall(SYS_tgkill, getppid(), getppid(), 0))
TRY_IT(become_dumpable, prctl(PR_SET_DUMPABLE, 1))
TRY_IT(type_on_terminal, ioctl(0, TIOCSTI, "x"))
TRY_IT(set_limit, setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}))
TRY_IT(become_another, syscall(SYS_setuid, 1))

/* What the kernel tells of a descriptor it tells whom the descriptor's owner named. */
TRY_IT(signal_by_descriptor, fcntl(STDIN_FILENO, F_SETOWN, getppid()))
TRY_IT(choose_signal, fcntl(STDIN_FILENO, F_SETSIG, SIGKILL))
TRY_IT(make_program_of_owner, open("/nonexistent/dir", O_TMPFILE | O_RDWR | O_CLOEXEC, 04755))
TRY_IT(make_program_of_group, open("/nonexistent/file", O_CREAT | O_RDWR | O_CLOEXEC, 02755))
TRY_IT(become_program_of_owner, fchmod(-1, 04755))

static long map_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? -1 : 0;
}

static long map_program(void)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    void *at = fd < 0 ? NULL : mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    return at == MAP_FAILED ? -1 : 0;
}

static long make_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? 0 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static void test_everything_else_is_refused(void **state)
{
    (void)state;
    struct attempt refused[] = {
        ONE(packet_socket),
        ONE(raw_socket),
        ONE(audit_socket),
        ONE(machine_socket),
        ONE(change_mode),
        ONE(thread_in_namespace),
        ONE(signal_another),
        ONE(become_dumpable),
        ONE(signal_thread_of_another),
        ONE(set_limit),
        ONE(type_on_terminal),
        ONE(become_another),
        ONE(map_code),
        ONE(map_program),
        ONE(make_code),
        ONE(signal_by_descriptor),
        ONE(choose_signal),
        ONE(make_program_of_owner),
        ONE(make_program_of_group),
        ONE(become_program_of_owner),
    };
    CHECK(refused, EPERM);
}

/* --- what goes on --- */

static void *add_one(void *arg)
{
    (*(int *)arg)++;
    return NULL;
}

static long run_threads(void)
{
    int count = 0;
    for (int i = 0; i < 20; i++) {
        pthread_t t;
        if (pthread_create(&t, NULL, add_one, &count) != 0 || pthread_join(t, NULL) != 0)
            return -1;
    }
    return count == 20 ? 0 : -1;
}

static long find_host(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo("127.0.0.1", "80", &hints, &found);
    if (failed)
        return -1;
    freeaddrinfo(found);
    return 0;
}

static long talk(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(a);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server, (const struct sockaddr *)&a, len) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (struct sockaddr *)&a, &len) < 0 ||
        connect(client, (const struct sockaddr *)&a, len) < 0)
        return -1;
    return accept4(server, NULL, NULL, SOCK_CLOEXEC) < 0 ? -1 : 0;
}

static long allocate(void)
{
    for (size_t size = 1; size < (16U << 20); size *= 2) {
        char *at = calloc(1, size);
        if (!at)
            return -1;
        free(at);
    }
    return 0;
}

TRY_IT(signal_ourselves, syscall(SYS_tgkill, getpid(), getpid(), 0))
TRY_IT(clone_anew, syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS ? 0 : -1)

static void test_what_an_agent_does_goes_on(void **state)
{
    (void)state;
    struct attempt allowed[] = {
        ONE(run_threads), ONE(find_host),        ONE(talk),
        ONE(allocate),    ONE(signal_ourselves), ONE(clone_anew),
    };
    CHECK(allowed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_has_no_business_here_kills),
        cmocka_unit_test(test_everything_else_is_refused),
        cmocka_unit_test(test_what_an_agent_does_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
