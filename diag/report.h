/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_REPORT_H
#define TBOT_DIAG_REPORT_H

/*
 * What the agent knows of itself, as plain data: the source of /status and /_status. How the services
 * stand is not in here, that is health's (diag/core/health.h); nor where the server listens, which it
 * knows itself.
 *
 * The agent hands the server a `struct diag_reporter`, which fills a report in for each request that wants
 * one. It must not block: it tells what is known, with the time at which it was found out.
 *
 * All texts and lists are borrowed from the reporter, until it is asked again or the loop goes on. NULL,
 * WALL_NONE and zero stand for what is not known, and are left out of answers. No secret belongs here:
 * names, serial numbers and paths, never a key, a token or a certificate.
 *
 * Threads: the loop's only.
 */

#include "base/clock.h"

#include <stddef.h>

enum diag_mode {
    DIAG_DAEMON,
    DIAG_ONE_PASS,
};

/* "daemon", "oneshot". */
const char *diag_mode_name(enum diag_mode m);

/* How the file that a credential was written to compares with what is in memory. */
enum diag_copy {
    DIAG_COPY_UNKNOWN, /* nobody has looked, or there is no file */
    DIAG_COPY_SAME,
    DIAG_COPY_DIFFERS, /* somebody else wrote it, or it could not be read as one */
    DIAG_COPY_MISSING,
};

/* "same", "differs", "missing"; UNKNOWN: NULL. */
const char *diag_copy_name(enum diag_copy c);

/* One certificate. */
struct diag_credential {
    const char *service; /* whose it is, by the name that health has for it */
    const char *kind;    /* "x509", "ssh" */
    const char *subject; /* x509: the common name or SPIFFE ID; ssh: the key ID */
    const char *serial;  /* x509: hex; ssh: decimal */
    struct wall not_before, not_after;
    struct wall renew_at; /* when its renewal is planned; WALL_NONE: not */
    bool is_stale;        /* its renewal fell due and has not succeeded; it serves on */
    const char *path;     /* of its file; NULL: it is in memory only */
    enum diag_copy copy;
    struct wall copy_seen_at; /* when that was looked at */
};

/* The cluster, as the last real contact showed it. */
struct diag_authority {
    const char *address; /* as configured, host:port */
    const char *path;    /* "auth", "proxy" or "unknown": what the address belongs to */
    const char *route;   /* the way that worked last */
    const char *state;   /* "unknown", "up", "down" */
    bool is_up;
    struct wall last_contact;
    struct dur round_trip; /* of the last check; 0: not measured */
    const char *error;     /* why there was no answer; NULL: none is known */
    const char *version;   /* of the server */
};

/* The bot's own identity; `cluster` NULL: there is none yet. */
struct diag_identity {
    const char *cluster, *bot, *instance;
    int64_t generation; /* 0: none */
    struct wall not_before, not_after, next_renewal;
    const char *state;  /* of the renewer, see identity/renewer.h */
    const char *advice; /* what that means, and what a person does; NULL: nothing to do */
    const char *error;  /* of the last attempt; NULL: it succeeded */
};

/* How the consumers of a service learn of new files. */
struct diag_hook {
    const char *service;
    const char *kind;   /* "command", "signal" */
    const char *target; /* the program, or the pid file */
    const char *state;  /* "idle", "running", "waiting" for the next attempt */
    struct wall last_run, last_success, next_attempt;
    unsigned failures;        /* in a row */
    const char *error, *hint; /* of the last run; NULL: it succeeded, or there was none */
};

/* What of the sandbox is closed. NULL both: not known. */
struct diag_sandbox {
    const char *landlock, *seccomp;       /* DIAG_PART_… */
    const char *no_landlock, *no_seccomp; /* why one is off; NULL: it is on */
    int landlock_version;                 /* 0: off */
};

#define DIAG_PART_ON "on"
#define DIAG_PART_OFF "off"

struct strlist;

/* Each has a number, from 1 on. Lists that are NULL are empty. */
struct diag_reloads {
    unsigned succeeded, failed;
    unsigned awaited;       /* the number of the one that answers who asks now */
    unsigned done;          /* that of the last that has ended */
    struct wall last;       /* the last one ended, in either way */
    const char *last_error; /* NULL: it succeeded */
    bool is_under_way;

    /* What the last one did: names of services. It is all or nothing, so either these or `errors` count. */
    const struct strlist *added, *changed, *removed;
    size_t n_kept;
    const struct strlist *errors;  /* a sentence each */
    const struct strlist *restart; /* what needs one: keys that differ, or "sandbox" */
    const struct strlist *warnings;
};

struct diag_report {
    const char *version, *revision, *compiler;
    const char *hostname;
    struct wall started_at;
    struct dur uptime;
    enum diag_mode mode;
    const char *config_path; /* NULL: by options alone */
    const char *config_hash; /* SHA-256 of the file's bytes as they were read, in hex */
    struct diag_sandbox sandbox;
    struct diag_authority authority;
    struct diag_identity identity;
    const struct diag_credential *credentials; /* those of one service follow each other */
    size_t n_credentials;
    const struct diag_hook *hooks;
    size_t n_hooks;
    struct diag_reloads reloads;
    const char *const *warnings; /* a sentence each, for a person */
    size_t n_warnings;
};

struct diag_reporter {
    void *arg;
    /* Fills in what is known; `*ret` is zeroed. NULL: /status has only what the server knows. */
    void (*report)(void *arg, struct diag_report *ret);
    /* Begins to find out anew what takes time, if what is known is not of this moment: whether files are
     * as they should be. True: nothing is worth waiting for; else diag_server_changed() tells. May be
     * NULL. */
    bool (*refresh)(void *arg);
};

#endif
