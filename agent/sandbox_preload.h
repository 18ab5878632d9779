/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_SANDBOX_PRELOAD_H
#define TBOT_AGENT_SANDBOX_PRELOAD_H

/*
 * What happens at first use all over the libraries, done before the sandbox is closed: afterwards no code can
 * be loaded and no program started.
 *
 * libc looks up names of hosts, users and groups through modules that /etc/nsswitch.conf names, and loads
 * each when it is first asked. OpenSSL loads what its configuration names. We ask ssh for its version.
 */

#include "base/strlist.h"

/* Nothing here is an error: what cannot be loaded now could not be later. Threads: there is only one. */
void sandbox_preload(void);

/*
 * Pure. The modules that `text`, of nsswitch.conf(5), names for hosts, users and groups, each once, but
 * those that are part of libc. Appends to `ret`.
 */
RESULT sandbox_preload_modules(struct bytes text, struct strlist *ret);

#endif
