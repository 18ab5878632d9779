/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: what is wrong or odd in it, who may read or change its file, the environment. */
#include "agent/check_private.h"
#include "agent/cluster.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIGURATION "configuration"
#define COMMAND_LINE "command line"

const char *check_file_name(const char *file)
{
    if (!file)
        return COMMAND_LINE;
    return strcmp(file, "-") == 0 ? "<stdin>" : file;
}

/* How much of `line` is "FILE:LINE:COLUMN"; 0 when it does not begin so. */
static size_t place_length(const char *line, const char *file)
{
    size_t len = strlen(file);
    if (strlen(line) < len || memcmp(line, file, len) != 0)
        return 0;
    for (int number = 0; number < 2; number++) {
        size_t digits = line[len] == ':' ? strspn(line + len + 1, "0123456789") : 0;
        if (digits == 0)
            return 0;
        len += 1 + digits;
    }
    return strncmp(line + len, ": ", 2) == 0 ? len : 0;
}

/* One remark, "FILE:LINE:COLUMN: text" or only text; the place becomes the subject. */
static void remark(struct check *c, const char *file, enum check_status status, const char *line)
{
    size_t len = place_length(line, file);
    CLEANUP(freep) char *place = len ? strndup(line, len) : NULL;
    const struct check_point at = {CONFIGURATION, place ? place : file};
    const char *text = place ? line + len + 2 : line;
    if (status == CHECK_WARNING)
        check_warn(c, &at, NULL, "%s", text);
    else
        check_fail(c, &at, NULL, "%s", text);
}

/* A file may have many mistakes, one a line: each is a finding of its own. */
static void remarks(struct check *c, const char *file, char *text)
{
    for (char *rest = text; rest;)
        remark(c, file, CHECK_FAILED, strsep(&rest, "\n"));
}

void check_config_error(struct check *c, const char *file, struct err *e)
{
    CLEANUP(err_freep) struct err *owned = e;
    CLEANUP(freep) char *text = err_text(owned);
    const char *name = check_file_name(file);
    const struct check_point at = {CONFIGURATION, name};
    if (text && err_code(owned) == ERR_CONFIG)
        remarks(c, name, text);
    else
        check_err(c, &at, CHECK_FAILED, TAKE(owned));
    static const char *const others[] = {"permissions", "environment", "storage",
                                         "token",       "trust",       "output"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        check_skip(c, &(struct check_point){others[i], name}, "the configuration comes first");
}

static void check_loaded(struct check *c, const struct config *config, const char *file)
{
    const struct check_point at = {CONFIGURATION, file};
    check_ok(c, &at, "understood, %zu %s", config->n_services,
             config->n_services == 1 ? "output" : "outputs");
    for (size_t i = 0; i < config->warnings.len; i++)
        remark(c, file, CHECK_WARNING, config->warnings.items[i]);
}

/* A pipe, or what a shell makes of <(…), is nobody's to read but ours. */
static void check_permissions(struct check *c, const struct check_subject *s)
{
    const struct check_point at = {"permissions", s->file};
    struct stat st;
    if (!s->file || strcmp(s->file, "-") == 0)
        return;
    if (stat(s->file, &st) != 0) {
        check_err(c, &at, CHECK_FAILED, err_sys(ERR_STORAGE, errno, "look at '%s'", s->file));
        return;
    }
    unsigned mode = st.st_mode & 07777;
    if (!S_ISREG(st.st_mode))
        return;
    if (s->has_token && (mode & 044))
        check_warn(c, &at,
                   "Take the right to read it from others ('chmod 600'), or put the token into a "
                   "file of its own and name that file's absolute path as 'token'.",
                   "holds the token, and others than its owner can read it (mode %04o)", mode);
    else if (mode & 022)
        check_warn(c, &at, "Who can write to it decides where credentials go: 'chmod go-w'.",
                   "others than its owner can change it (mode %04o)", mode);
    else
        check_ok(c, &at, "mode %04o, %s", mode,
                 s->has_token ? "holds the token" : "no secret in it");
}

RESULT check_environment(const struct check *c, const struct config *config)
{
    return cluster_check_environment(config, c->getenv);
}

static void judge_environment(struct check *c, const struct config *config)
{
    const struct check_point at = {"environment", "variables"};
    struct err *e = check_environment(c, config);
    if (e)
        check_err(c, &at, CHECK_FAILED, e);
    else
        check_ok(c, &at, "nothing in the way");
}

void check_config(struct check *c, const struct check_subject *subject)
{
    check_loaded(c, subject->config, check_file_name(subject->file));
    check_permissions(c, subject);
    judge_environment(c, subject->config);
}
