/* SPDX-License-Identifier: Apache-2.0 */
#include "base/capabilities.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct __user_cap_data_struct half; /* 32 of them */

/* Whether it had more. What it would hand on by execve(2) goes, and with it what is ambient. */
static bool reduce(half *h, uint32_t kept)
{
    bool had_more = ((h->permitted | h->effective) & ~kept) != 0 || h->inheritable != 0;
    h->permitted &= kept;
    h->effective &= kept;
    h->inheritable = 0;
    return had_more;
}

RESULT capabilities_keep(uint64_t kept)
{
    struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
    half ours[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &self, ours) != 0)
        return err_sys(ERR_STORAGE, errno, "look at capabilities");
    bool low = reduce(&ours[0], (uint32_t)kept);
    bool high = reduce(&ours[1], (uint32_t)(kept >> 32));
    if ((low || high) && syscall(SYS_capset, &self, ours) != 0)
        return err_sys(ERR_STORAGE, errno, "give up capabilities");
    return NULL;
}
