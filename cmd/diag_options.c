/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_options.h"

#define AT(member_) .offset = offsetof(struct diag_options, member_)

static const struct opt opts[] = {
    {"storage", .kind = OPT_TEXT, .arg = "PLACE",
     .help = "the agent's storage, where its socket is: a path, file:///path or memory://",
     AT(storage)},
    {"diag-socket", .kind = OPT_TEXT, .arg = "PATH", .help = "the agent's socket itself",
     AT(diag_socket)},
    {"diag-addr", .kind = OPT_TEXT, .arg = "ADDR",
     .help = "another address it listens on: HOST:PORT, http://…, https://… or unix:PATH",
     AT(diag_addr)},
    {"ca", .kind = OPT_TEXT, .arg = "FILE",
     .help = "CA certificates to know an https:// address by, instead of the system's", AT(ca)},
    {"token", .kind = OPT_TEXT, .arg = "FILE", .env = "TBOT_DIAG_TOKEN_FILE",
     .help = "file with the token to show, - for standard input", AT(token_file)},
};

enum { MAX_SETS = 3 };

static size_t collect_sets(struct diag_options *o, const struct diag_command *c,
                           struct opt_set sets[MAX_SETS])
{
    size_t n = 0;
    if (c->own.n_opts > 0)
        sets[n++] = c->own;
    sets[n++] = (struct opt_set){"Which agent", opts, sizeof(opts) / sizeof(*opts), o};
    sets[n++] = globals_set(o->globals);
    return n;
}

static RESULT check_operands(const struct diag_options *o, const struct diag_command *c)
{
    if (o->n_operands <= c->max_operands)
        return NULL;
    return err_new(ERR_USAGE, "unexpected '%s'", o->operands[c->max_operands]);
}

static RESULT check_together(const struct diag_options *o)
{
    if (o->diag_addr && (o->diag_socket || o->storage))
        return err_new(ERR_USAGE,
                       "option '--diag-addr' excludes '--%s': both say where the agent is",
                       o->diag_socket ? "diag-socket" : "storage");
    if (o->diag_socket && o->storage)
        return err_new(ERR_USAGE, "option '--diag-socket' excludes '--storage': both say where the "
                                  "agent's socket is");
    return NULL;
}

bool diag_options_begin(struct diag_options *o, const struct diag_command *c, int argc, char **argv,
                        int *ret_code)
{
    struct opt_set sets[MAX_SETS];
    size_t n_sets = collect_sets(o, c, sets);
    struct err *e = opts_parse(sets, n_sets, argc, argv, &o->n_operands);
    o->operands = argv;
    if (!e && o->globals->help) {
        *ret_code = command_help(c->help, sets, n_sets);
        return false;
    }
    if (!e)
        e = check_operands(o, c);
    if (!e)
        e = check_together(o);
    if (!e)
        e = opts_from_environment(sets, n_sets);
    if (e)
        *ret_code = diag_options_fail(e);
    return !e;
}

enum diag_exit diag_options_exit(const struct err *e)
{
    switch (err_code(e)) {
    case ERR_OK:
        return DIAG_EXIT_OK;
    case ERR_USAGE:
    case ERR_CONFIG:
        return DIAG_EXIT_USAGE;
    case ERR_UNAVAILABLE:
    case ERR_NOT_FOUND: /* a host of that name */
    case ERR_DENIED:
    case ERR_UNTRUSTED:
    case ERR_EXPIRED:
    case ERR_PROTOCOL: /* somebody else listens there */
        return DIAG_EXIT_UNREACHABLE;
    case ERR_TIMEOUT:
        return DIAG_EXIT_TIMEOUT;
    default:
        return DIAG_EXIT_NOT_READY;
    }
}

int diag_options_fail(struct err *e)
{
    int code = diag_options_exit(e);
    (void)command_fail(e);
    return code;
}
