/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_MAX_BYTES 16384

static struct mono no_mono(const struct clock *c)
{
    (void)c;
    return (struct mono){0};
}

static struct wall shown_wall(const struct clock *c)
{
    return ((const struct world_log *)(uintptr_t)c)->now.wall;
}

void world_log_init(struct world *w)
{
    struct world_log *l = &w->log;
    l->clock = (struct clock){no_mono, shown_wall};
    l->is_shown = w->options.verbose;
    l->fd = -1;
    if (!w->options.with_log && !w->options.verbose)
        return;
    l->fd = memfd_create("log", MFD_CLOEXEC);
    l->log = l->fd < 0 ? NULL : log_new(l->fd, LOG_TEXT, LOG_DEBUG, &l->clock);
    if (!l->log)
        world_die("no log");
}

void world_log_release(struct world *w)
{
    log_free(w->log.log);
    if (w->log.fd >= 0)
        close(w->log.fd);
}

struct log *world_log_of(struct world_agent *a)
{
    a->world->log.now = world_machine_now(a);
    return a->world->log.log;
}

void world_log_check(struct world_agent *a)
{
    struct world_log *l = &a->world->log;
    char line[LINE_MAX_BYTES + 1];
    if (!l->log)
        return;
    off_t len = lseek(l->fd, 0, SEEK_CUR);
    ssize_t n = pread(l->fd, line, LINE_MAX_BYTES, 0);
    if (n < 0 || ftruncate(l->fd, 0) != 0 || lseek(l->fd, 0, SEEK_SET) != 0 || len > LINE_MAX_BYTES)
        world_die("the log cannot be read back");
    line[n] = '\0';
    if (l->is_shown)
        printf("%s", line);
    if (strstr(line, WORLD_SECRET))
        world_broke(a->world, a, "a secret is in a log line: %s", line);
}

void world_log_show(const struct world *w, const struct world_agent *a, const char *format, ...)
{
    char at[DUR_SIZE];
    if (!w->log.is_shown)
        return;
    printf("  %s ", dur_format((struct dur){w->t.ns}, at));
    if (a)
        printf("agent %zu step %" PRIu64 " ", a->number, a->watch.steps);
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\n");
}
