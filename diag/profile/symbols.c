/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/symbols.h"

#include "diag/profile/program_file.h"
#include "diag/profile/symbol_list.h"

#include <dlfcn.h>
#include <stdio.h>

struct symbols {
    struct modules modules; /* the program is the first */
    struct symbol_list program;
};

static struct err *load_program(struct symbol_list *ret)
{
    CLEANUP(program_file_close) struct program_file file = {0};

    TRY(program_file_open("/proc/self/exe", &file));
    struct err *e = symbol_list_read_section(file.content, ret);
    if (err_code(e) != ERR_NOT_FOUND)
        return e;
    err_ignore(e, "a build without our section has the linker's");
    return symbol_list_read_table(file.content, ret);
}

RESULT symbols_load(struct symbols **ret)
{
    CLEANUP(symbols_freep) struct symbols *s = calloc(1, sizeof(*s));

    if (!s)
        return err_nomem();
    s->program = SYMBOL_LIST_INIT;
    modules_list(&s->modules);
    struct err *e = load_program(&s->program);
    if (err_code(e) == ERR_NOMEM)
        return e;
    err_ignore(e, "a profile with fewer names is better than none");
    *ret = TAKE(s);
    return NULL;
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    symbol_list_release(&s->program);
    free(s);
}

const struct modules *symbols_modules(const struct symbols *s)
{
    return &s->modules;
}

static void set_name(struct symbols_answer *a, const char *name, uintptr_t start)
{
    snprintf(a->name, sizeof(a->name), "%s", name);
    a->start = start;
}

/* What the loader knows: exported functions only. */
static void find_exported(const struct module *m, uintptr_t pc, struct symbols_answer *ret)
{
    Dl_info info = {0};

    if (dladdr((const void *)pc, &info) && info.dli_sname) {
        set_name(ret, info.dli_sname, (uintptr_t)info.dli_saddr);
        return;
    }
    snprintf(ret->name, sizeof(ret->name), "[%s]", module_name(m));
    ret->start = 0;
}

void symbols_find(const struct symbols *s, uintptr_t pc, struct symbols_answer *ret)
{
    const struct module *m = modules_find(&s->modules, pc);

    if (!m) {
        set_name(ret, "[unknown]", 0);
        return;
    }
    const struct symbol *found =
        m == &s->modules.items[0] ? symbol_list_find(&s->program, pc - m->base) : NULL;
    if (found)
        set_name(ret, found->name, m->base + found->at);
    else
        find_exported(m, pc, ret);
}
