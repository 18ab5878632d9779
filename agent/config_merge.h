/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_MERGE_H
#define TBOT_AGENT_CONFIG_MERGE_H

/*
 * The command line over the file.
 *
 * What is given on the command line wins, and every value of the file that it replaces is named in
 * a warning (never a token). Three rules are more than that, and are Go tbot's: any of token, join
 * method, CA pins and join URI replaces the whole `onboarding` section; `destination_dir` replaces
 * all services by one identity output; a service of the command line is appended to the file's.
 *
 * Pure: texts in, texts out. Errors are ERR_USAGE and name the option.
 */

#include "agent/config.h"

/* A switch that may not have been given at all. */
enum config_switch {
    CONFIG_SWITCH_NONE,
    CONFIG_SWITCH_OFF,
    CONFIG_SWITCH_ON,
};

/* An identity output, as `start identity` describes it. */
struct config_service_overrides {
    const char *destination; /* URI or path */
    const char *cluster;
    enum config_switch allow_reissue;
    struct strlist reader_users, reader_groups;
};

/* All strings are borrowed; NULL, zero and empty: not given. */
struct config_overrides {
    const char *auth_server, *proxy_server;
    const char *join_method;
    const struct secret *join_uri;
    const struct secret *token; /* or an absolute path */
    struct strlist ca_pins;
    struct dur credential_ttl, renewal_interval;
    const char *startup; /* "auto", … */
    struct dur startup_timeout, give_up_after, oneshot_timeout;
    const char *diag_addr, *diag_socket;
    const char *storage;        /* URI or path */
    const char *storage_option; /* what to call it: "--storage" (NULL) or "--data-dir" */
    enum config_switch oneshot, insecure, debug;
    const char *destination_dir;
    const struct config_service_overrides *service; /* NULL: none */
};

void config_overrides_release(struct config_overrides *overrides); /* its lists */
void config_service_overrides_release(struct config_service_overrides *overrides);

RESULT config_merge(struct config *config, const struct config_overrides *overrides);

#endif
