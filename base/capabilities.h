/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_CAPABILITIES_H
#define TBOT_BASE_CAPABILITIES_H

/*
 * What a process that runs as root, or was given capabilities, may do beyond its user's rights.
 *
 *     TRY(capabilities_keep(CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_FOWNER)));
 *
 * Threads: it holds for the calling thread and those that it starts: before there are others.
 */

#include "base/err.h"

#include <linux/capability.h>
#include <stdint.h>

#define CAPABILITY(number_) (UINT64_C(1) << (number_))

/*
 * Gives up all others, for good as long as nothing is executed. None is gained; where there is nothing to
 * give up, nothing is done. ERR_STORAGE: it is forbidden here, and everything is as before.
 */
RESULT capabilities_keep(uint64_t kept);

#endif
