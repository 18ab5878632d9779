/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CHECK_PRIVATE_H
#define TBOT_AGENT_CHECK_PRIVATE_H

/*
 * What the files check*.c share.
 *
 * check.c          telling; the order of things
 * check_config.c   the configuration, its file, the environment
 * check_secrets.c  the token, and what vouches for the cluster at the first contact
 * check_storage.c  where the bot keeps its identity
 * check_output.c   where a service writes; check_clash.c who writes over whom
 * check_hook.c     who is told of its files
 * check_place.c    a directory as the system describes it
 * check_connect.c  the way to the cluster
 */

#include "agent/check.h"

/* What a finding is about. */
struct check_point {
    const char *name, *subject;
};

void check_ok(struct check *c, const struct check_point *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void check_skip(struct check *c, const struct check_point *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `hint` is a full sentence. */
void check_warn(struct check *c, const struct check_point *at, const char *hint, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
void check_fail(struct check *c, const struct check_point *at, const char *hint, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* The error's text, code and hint, as a warning or a failure. Takes `e`. */
void check_err(struct check *c, const struct check_point *at, enum check_status status,
               struct err *e);

/* Any other finding. */
void check_add(struct check *c, const struct check_result *result);

/* For messages: the file, or what stands in for it. */
const char *check_file_name(const char *file);

/* What start says of the environment: ERR_CONFIG. */
RESULT check_environment(const struct check *c, const struct config *config);

void check_config(struct check *c, const struct check_subject *subject);
void check_storage(struct check *c, const struct config *config);
void check_token(struct check *c, const struct config *config);
void check_trust(struct check *c, const struct config *config);
void check_output(struct check *c, const struct config_service *service);
void check_hook(struct check *c, const struct config_service *service);
void check_clash(struct check *c, const struct config *config);

#endif
