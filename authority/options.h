/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_OPTIONS_H
#define TBOT_AUTHORITY_OPTIONS_H

/* The command line of tbot-authority. */

#include "base/strlist.h"
#include "identity/pki/key.h"

#include <netinet/in.h>

struct options {
    const char *cluster;
    struct sockaddr_storage listen_auth;
    struct sockaddr_storage listen_web; /* ss_family 0: no web port */
    int version;
    enum suite suite;
    struct strlist bots;        /* "NAME=role,role" or "NAME" */
    struct strlist tokens;      /* "VALUE=BOT" */
    struct strlist kube_tokens; /* "TOKEN=BOT:NAMESPACE:ACCOUNT" */
    const char *kube_jwks_path; /* keys of service accounts; NULL: none */
    struct strlist leaves;
    const char *state_path;
    const char *control_path;
    const char *ready_path;
    const char *web_ca_path;
    bool is_quiet;
    /* Instead of serving: */
    bool wants_help;
    bool wants_version;
};
void options_release(struct options *o);

/* ERR_USAGE says what is wrong. `argv` is borrowed. */
RESULT options_parse(int argc, char **argv, struct options *ret);

const char *options_help(void);

#endif
