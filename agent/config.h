/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_H
#define TBOT_AGENT_CONFIG_H

/*
 * The configuration: what one `version: v2` file and a command line say, as plain data.
 *
 *     CLEANUP(config_freep) struct config *config = NULL;
 *     TRY(config_load("/etc/tbot.yaml", &config));   every error of the file at once
 *     TRY(config_merge(config, &overrides));         config_merge.h: the command line wins
 *     TRY(config_validate(config));                  is it enough to start with?
 *
 * Loading recognises the whole schema; config_schema.h says which part of it this program can do.
 * What it cannot do is refused by name, never ignored. Errors are ERR_CONFIG; their text is one
 * line per mistake, `file:line:column: key 'x': what is wrong`, joined by newlines. What deserves a
 * person's eye and is no error lands in `warnings`, for the caller to log.
 *
 * Nobody changes a config after config_validate(): it may then be read by many threads. Every
 * string and list is the config's own; NULL, zero and empty mean "not given" unless said otherwise.
 */

#include "agent/config_at.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/encode.h"
#include "base/secret.h"
#include "base/strlist.h"

#define CONFIG_MAX_SIZE (1024 * 1024)
#define CONFIG_MAX_SERVICES 1000
#define CONFIG_MAX_TTL_S (7 * 24 * 3600) /* the cluster signs for at most a week */
#define CONFIG_DEFAULT_TTL_S 3600
#define CONFIG_DEFAULT_INTERVAL_S 1200
#define CONFIG_DEFAULT_STARTUP_S 120
#define CONFIG_DEFAULT_STORAGE "/var/lib/teleport/bot"
#define CONFIG_DEFAULT_LIVEZ_STALL_S 60
#define CONFIG_DEFAULT_SHUTDOWN_S 10
#define CONFIG_DEFAULT_METRICS_S 30
#define CONFIG_DEFAULT_HOOK_S 10
#define CONFIG_MAX_HOOK_S 300
#define CONFIG_MAX_HOOK_WORDS 64
#define CONFIG_DIAG_SOCKET_OFF "off"
#define CONFIG_CACHE "cache" /* in the storage: copies of destinations in memory */

enum config_acls {
    CONFIG_ACLS_TRY, /* default */
    CONFIG_ACLS_OFF,
    CONFIG_ACLS_REQUIRED,
};

/* How the files of a directory change, see base/dir_generation.h. */
enum config_atomic {
    CONFIG_ATOMIC_OFF,     /* each by itself; default */
    CONFIG_ATOMIC_SYMLINK, /* all at once, by one symbolic link */
};

/* One who may read what we write: a name or a number, as text. */
struct config_reader {
    bool is_group;
    char *name;
};

enum config_destination_type {
    CONFIG_DESTINATION_NONE, /* not given */
    CONFIG_DESTINATION_DIRECTORY,
    CONFIG_DESTINATION_MEMORY,
    CONFIG_DESTINATION_KUBERNETES_SECRET,
};

struct config_label {
    char *name, *value;
};

struct config_labels {
    struct config_label *items;
    size_t len;
};

struct config_destination {
    enum config_destination_type type;
    /* Of a directory. Of memory with `is_cached`: where the copy is, after config_validate(). */
    char *path;
    enum symlink_policy symlinks;
    enum config_acls acls;
    enum config_atomic atomic;
    bool is_cached; /* memory: a copy is kept in the storage directory */
    struct config_reader *readers;
    size_t n_readers;

    /* kubernetes_secret */
    char *name;
    char *name_space; /* NULL: see agent/kube_client.h */
    struct config_labels labels;
    char *service_account_dir; /* NULL: the usual one */

    struct config_at at;
};

/* As `signal` names them. */
enum config_signal {
    CONFIG_SIGNAL_HUP, /* default */
    CONFIG_SIGNAL_INT,
    CONFIG_SIGNAL_QUIT,
    CONFIG_SIGNAL_TERM,
    CONFIG_SIGNAL_USR1,
    CONFIG_SIGNAL_USR2,
    CONFIG_SIGNAL_WINCH,
};

/* How a consumer learns that an output's files have changed, see agent/hooks.h. */
struct config_hook {
    struct strlist command; /* a program and its arguments; empty: none */
    struct dur timeout;     /* of the command; 0: CONFIG_DEFAULT_HOOK_S */
    char *pid_file;         /* or whose process gets `signal`; NULL: nobody's */
    enum config_signal signal;
    struct config_at at_command, at_timeout, at_pid_file, at_signal;
};

static inline bool config_hook_is_given(const struct config_hook *hook)
{
    return hook->command.len > 0 || hook->pid_file;
}

enum config_service_type {
    CONFIG_SERVICE_IDENTITY,
};

struct config_service {
    enum config_service_type type;
    char *name;           /* given, or automatic ("identity-1") after config_validate() */
    struct strlist roles; /* empty: every role of the bot */
    struct dur credential_ttl, renewal_interval; /* 0: the bot's, see config_service_ttl() */
    struct config_destination destination;
    struct config_hook hook; /* `reload` */
    struct config_at at, at_name, at_hook;

    /* identity */
    char *cluster; /* a leaf cluster; NULL: the bot's own */
    bool ssh_config;
    bool allow_reissue;

    bool is_view; /* what it points to is another's, see config_take_service() */
};

struct config_onboarding {
    struct secret *token; /* the literal token; NULL when token_path is set, or neither */
    char *token_path;     /* absolute; see config_token() */
    char *
        token_credential; /* a file that goes before it, see agent/config_credential.h; NULL: none */
    const char *join_method; /* static text, e.g. "token"; NULL: not given */
    struct strlist ca_pins;  /* "sha256:…" */
    char *ca_path;
    char *kubernetes_token_path; /* NULL: see agent/kube_token.h */
    struct config_at at_ca_pins, at_ca_path, at_kubernetes;
};

/* What to do with a renewal whose outcome the cluster does not tell. */
enum config_open_renewal {
    CONFIG_OPEN_RENEWAL_HOLD, /* send nothing, serve what there is, say so; default */
    CONFIG_OPEN_RENEWAL_RETRY,
};

/* What a start does that does not reach the cluster. */
enum config_startup {
    CONFIG_STARTUP_AUTO, /* as `wait` where it worked before, else for `startup_timeout`; default */
    CONFIG_STARTUP_WAIT,
    CONFIG_STARTUP_EXIT,
};

/* The diagnostics server, see diag/server.h. */
struct config_diag_tls {
    char *cert, *key; /* PEM files; NULL both: the bot's own identity */
    char *client_ca;  /* PEM file; NULL: the cluster's CAs */
    struct strlist allow;
};

struct config_diag {
    struct config_diag_tls tls;
    char *tokens; /* file of bearer tokens; NULL: none is good */
    bool unsafe_plain;
    bool enable_shutdown;
    struct dur shutdown_timeout;
    struct dur livez_stall; /* 0: never unhappy */
};

/* Where metrics are sent, and what they are called there and in JSON. */
struct config_metrics {
    char *graphite; /* see agent/push_target.h; NULL or "": nowhere */
    char *url;      /* the same; may hold a key */
    struct dur interval;
    char *prefix; /* NULL: not given, see config_metrics_prefix(); "": none */
    struct config_at at_graphite, at_url, at_interval, at_prefix;
};

struct config {
    char *file; /* for messages; "-" became "<stdin>"; NULL: command line only */
    /* SHA-256 of its bytes; "" without a file, and where it holds the token, which may be guessable. */
    char file_hash[SHA256_HEX_SIZE];

    /* At most one of the two after config_validate(); host:port. */
    char *auth_server, *proxy_server;
    struct config_onboarding onboarding;
    struct config_destination storage;
    struct dur credential_ttl, renewal_interval;
    enum config_open_renewal on_open_renewal;
    enum config_startup startup;
    struct dur startup_timeout;
    struct dur give_up_after; /* 0: never */
    bool oneshot;
    struct dur oneshot_timeout; /* 0: no retries */
    bool insecure;
    bool debug;
    char *diag_addr;   /* see diag/address.h; NULL: none */
    char *diag_socket; /* a path, or CONFIG_DIAG_SOCKET_OFF; NULL: see agent/diag_place.h */
    struct config_diag diag;
    struct config_metrics metrics;
    struct config_service *services;
    size_t n_services;

    struct strlist warnings;

    struct config_at at_auth_server, at_proxy_server, at_insecure, at_credential_ttl,
        at_renewal_interval, at_startup, at_startup_timeout, at_give_up_after, at_oneshot_timeout,
        at_diag_addr, at_diag_socket, at_diag;
};

/* The first part of the metrics' dotted names; "" for none. */
const char *config_metrics_prefix(const struct config *config);

/* Defaults only. */
RESULT config_new(struct config **ret);

/* Reads the file at `path`, "-" for standard input. */
RESULT config_load(const char *path, struct config **ret);

/* The same for text in memory; `file` is its name in messages. */
RESULT config_parse(const char *file, struct bytes text, struct config **ret);

/*
 * Judges the merged whole: one address, a join method, no contradictions, times that fit, unique
 * names. Gives nameless services their automatic names and may add warnings.
 */
RESULT config_validate(struct config *config);

void config_free(struct config *config); /* accepts NULL */
DEFINE_FREEP(config)

/* The identity of this join method cannot be renewed: each renewal is a new join. */
bool config_rejoins(const struct config_onboarding *onboarding);

/*
 * The join token, read from its file when there is one and trimmed; an empty credential is as good as none.
 * ERR_STORAGE, ERR_NOT_FOUND.
 */
RESULT config_token(const struct config_onboarding *onboarding, struct secret **ret);

/* Lifetime and interval of a service: its own, or the bot's. */
struct dur config_service_ttl(const struct config *config, const struct config_service *service);
struct dur config_service_interval(const struct config *config,
                                   const struct config_service *service);

/* "identity", "directory", … as in the file. */
const char *config_service_type_name(enum config_service_type type);

/* Appends an empty service of `type`, with that type's defaults; *ret is borrowed until the next.
 */
RESULT config_add_service(struct config *config, enum config_service_type type,
                          struct config_service **ret);

/* Sets `token` from the text a person gave: an absolute path, or the token itself. */
RESULT config_onboarding_set_token(struct config_onboarding *onboarding, struct bytes text);

/* Sets a directory, or memory when `path` is NULL; what was there before is gone. */
RESULT config_destination_set(struct config_destination *destination, const char *path);
RESULT config_destination_add_reader(struct config_destination *destination, bool is_group,
                                     const char *name);

/*
 * A reload keeps services of configurations that go: gives the i-th one's content to an object of its own.
 * What the config has of it then is a view: the same to read, as long as the object lives.
 */
RESULT config_take_service(struct config *config, size_t i, struct config_service **ret);
void config_service_free(struct config_service *service); /* accepts NULL */
DEFINE_FREEP(config_service)

void config_service_release(struct config_service *service);
void config_destination_release(struct config_destination *destination);
void config_onboarding_release(struct config_onboarding *onboarding);

#endif
