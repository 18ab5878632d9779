/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox_preload.h"

#include "agent/openssh_version.h"
#include "base/dir.h"
#include "base/text.h"
#include "base/tls.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define NSSWITCH "/etc/nsswitch.conf"
#define NSSWITCH_MAX 65536
#define MODULE_MAX 64 /* bytes of a name */
#define BLANKS " \t\r"

static const char *const databases[] = {"hosts:", "passwd:", "group:", "initgroups:"};

/* Since glibc 2.34; before, loading it once more does no harm. */
static const char *const built_in[] = {"files", "dns"};

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

/* A name goes into the name of a file: a path is none. */
static bool is_module(const char *word)
{
    size_t n = sizeof(built_in) / sizeof(*built_in);
    return strlen(word) < MODULE_MAX && !strchr(word, '/') && !is_one_of(word, built_in, n);
}

/* "mdns4_minimal [NOTFOUND=return] dns": what stands in brackets is what to do, and may have blanks. */
static RESULT add_modules(char *rest, struct strlist *ret)
{
    bool is_action = false;
    while (rest) {
        const char *word = strsep(&rest, BLANKS);
        is_action = is_action || *word == '[';
        if (!is_action && *word && is_module(word) && !strlist_has(ret, word))
            TRY(strlist_add(ret, word));
        if (strchr(word, ']'))
            is_action = false;
    }
    return NULL;
}

static RESULT add_line(char *line, struct strlist *ret)
{
    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANKS);
    for (size_t i = 0; i < sizeof(databases) / sizeof(*databases); i++) {
        size_t len = strlen(databases[i]);
        if (strncmp(line, databases[i], len) == 0)
            return add_modules(line + len, ret);
    }
    return NULL;
}

RESULT sandbox_preload_modules(struct bytes text, struct strlist *ret)
{
    CLEANUP(strlist_release) struct strlist lines = {0};
    CLEANUP(freep) char *all = strndup((const char *)text.data, text.len);
    if (!all)
        return err_nomem();
    TRY(strlist_split(&lines, all, '\n'));
    for (size_t i = 0; i < lines.len; i++)
        TRY(add_line(lines.items[i], ret));
    return NULL;
}

/*
 * libc finds a library that is there already by its name, and looks for no file. One that is missing is
 * skipped by libc too.
 */
static void load_module(const char *name)
{
    char file[MODULE_MAX + sizeof("libnss_.so.2")];
    snprintf(file, sizeof(file), "libnss_%s.so.2", name);
    (void)dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static RESULT load_modules(void)
{
    CLEANUP(buf_freep) struct buf *text = NULL;
    CLEANUP(strlist_release) struct strlist modules = {0};
    TRY(file_read(NSSWITCH, NSSWITCH_MAX, &text));
    TRY(sandbox_preload_modules(buf_bytes(text), &modules));
    for (size_t i = 0; i < modules.len; i++)
        load_module(modules.items[i]);
    return NULL;
}

void sandbox_preload(void)
{
    err_ignore(load_modules(), "without the file libc uses what is part of it");
    tls_load();
    (void)openssh_version_installed(); /* it is remembered */
}
