/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_NOTIFY_SERVICE_H
#define TBOT_AGENT_NOTIFY_SERVICE_H

/*
 * Tells the service manager how the agent stands: the effects of agent/notify.h. Without a manager that
 * wants to know it does nothing. Threads: the loop's only.
 */

#include "agent/notify.h"
#include "base/loop.h"
#include "base/notify_socket.h"
#include "diag/core/log.h"

struct notify_service;

struct notify_service_config {
    struct loop *loop;
    struct log *log;
    const struct notify_socket *manager; /* borrowed */
    bool one_pass;
    struct dur limit; /* of a first start, or of one pass */

    /* How the agent stands now. */
    void (*view)(void *arg, struct notify_view *ret);
    void *arg;
};

RESULT notify_service_new(const struct notify_service_config *config, struct notify_service **ret);
void notify_service_free(struct notify_service *s); /* accepts NULL */
DEFINE_FREEP(notify_service)

/* Something changed. From here on it also looks by itself. */
void notify_service_look(struct notify_service *s);

#endif
