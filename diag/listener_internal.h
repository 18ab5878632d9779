/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_LISTENER_INTERNAL_H
#define TBOT_DIAG_LISTENER_INTERNAL_H

/* The kinds of listener, for diag/listener.c alone. Each fills in `l`, whose `text` is set. */

#include "diag/listener.h"

#define DIAG_BACKLOG 64

RESULT diag_listener_open_unix(const struct diag_address *a, struct diag_listener *l);
RESULT diag_listener_open_systemd(const struct diag_address *a, struct diag_listener *l);

#endif
