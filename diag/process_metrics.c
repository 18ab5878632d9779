/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/process_metrics.h"

#include "diag/process_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <sys/resource.h>

static const struct metric_family build_info = {
    "tbot_build_info",
    METRIC_GAUGE,
    "Always 1; what is running, by its labels.",
    .labels = {"version", "revision"},
};

static const struct metric_family cpu = {
    "process_cpu_seconds_total",
    METRIC_COUNTER,
    "Processor time used, of user and system together.",
};

static const struct metric_family open_fds = {
    "process_open_fds",
    METRIC_GAUGE,
    "Open file descriptors.",
};

static const struct metric_family max_fds = {
    "process_max_fds",
    METRIC_GAUGE,
    "File descriptors that may be open at most.",
};

static const struct metric_family virtual_memory = {
    "process_virtual_memory_bytes",
    METRIC_GAUGE,
    "Address space in use, mostly reserved and not memory.",
};

static const struct metric_family resident_memory = {
    "process_resident_memory_bytes",
    METRIC_GAUGE,
    "Memory in use, shared libraries included.",
};

static const struct metric_family start_time = {
    "process_start_time_seconds",
    METRIC_GAUGE,
    "When the process began, in seconds since 1970.",
};

static const struct metric_family threads = {
    "process_threads",
    METRIC_GAUGE,
    "Threads of the process.",
};

static const struct metric_family heap = {
    "tbot_malloc_heap_bytes",
    METRIC_GAUGE,
    "What the allocator has taken from the system for small blocks.",
};

static const struct metric_family mapped = {
    "tbot_malloc_mapped_bytes",
    METRIC_GAUGE,
    "Large blocks that the allocator has mapped one by one.",
};

static const struct metric_family used = {
    "tbot_malloc_used_bytes",
    METRIC_GAUGE,
    "Blocks of the heap that are in use.",
};

static const struct metric_family unused = {
    "tbot_malloc_free_bytes",
    METRIC_GAUGE,
    "Blocks of the heap that were freed and are kept.",
};

static const struct metric_family releasable = {
    "tbot_malloc_releasable_bytes",
    METRIC_GAUGE,
    "The free part at the heap's end that could go back to the system.",
};

static bool read_stat(struct process_stat *ret)
{
    char line[1024];
    CLEANUP(closep) int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
    if (n <= 0)
        return false;
    line[n] = '\0';
    return process_stat_parse(line, ret);
}

static double in_seconds(uint64_t ticks)
{
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void collect_stat(struct metrics *m)
{
    struct process_stat s;
    if (!read_stat(&s))
        return;
    metrics_set(m, &cpu, NULL, in_seconds(s.user_ticks + s.system_ticks));
    metrics_set(m, &virtual_memory, NULL, (double)s.virtual_bytes);
    metrics_set(m, &resident_memory, NULL,
                (double)s.resident_pages * (double)sysconf(_SC_PAGESIZE));
    metrics_set(m, &threads, NULL, (double)s.threads);
}

/* The one that counts is not counted. */
static void collect_fds(struct metrics *m)
{
    struct rlimit limit;
    size_t n = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_set(m, &max_fds, NULL,
                    limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur);
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return;
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        n += d->d_name[0] != '.';
    closedir(dir);
    metrics_set(m, &open_fds, NULL, (double)n - 1);
}

static void collect_malloc(struct metrics *m)
{
    struct mallinfo2 info = mallinfo2();
    metrics_set(m, &heap, NULL, (double)info.arena);
    metrics_set(m, &mapped, NULL, (double)info.hblkhd);
    metrics_set(m, &used, NULL, (double)info.uordblks);
    metrics_set(m, &unused, NULL, (double)info.fordblks);
    metrics_set(m, &releasable, NULL, (double)info.keepcost);
}

static void collect(void *arg, struct metrics *m)
{
    (void)arg;
    collect_stat(m);
    collect_fds(m);
    collect_malloc(m);
}

void process_metrics_build(struct metrics *m, const char *version, const char *revision)
{
    const char *values[] = {version ? version : "unknown", revision ? revision : "unknown"};
    metrics_set(m, &build_info, values, 1);
}

/* Both the kernel's count and ours begin at boot, so the difference is how long the process runs. */
void process_metrics_watch(struct metrics *m, struct now now)
{
    struct process_stat s;
    if (read_stat(&s)) {
        double age = (double)now.mono.ns / 1e9 - in_seconds(s.start_ticks);
        metrics_set(m, &start_time, NULL, (double)now.wall.ns / 1e9 - age);
    }
    metrics_on_collect(m, collect, NULL);
}
