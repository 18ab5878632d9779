/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world_disk.h"

#include <errno.h>

static struct err *full(const char *what)
{
    return err_sys(ERR_STORAGE, ENOSPC, "write '%s'", what);
}

RESULT world_disk_check_room(const struct world_disk *d)
{
    return d->is_full ? full(".write-test") : NULL;
}

RESULT world_disk_begin_renewal(struct world_disk *d)
{
    if (d->is_full)
        return full("renewal.journal");
    d->is_open = true;
    d->is_reserved = true;
    return NULL;
}

RESULT world_disk_commit(struct world_disk *d, const struct world_identity *identity)
{
    if (d->is_full && !d->is_reserved)
        return full("renewal.journal");
    d->identity = *identity;
    d->is_open = false;
    d->is_reserved = false;
    return NULL;
}

void world_disk_abort_renewal(struct world_disk *d)
{
    d->is_open = false;
    d->is_reserved = false;
}

void world_disk_learn(struct world_disk *d, enum route route, uint64_t token)
{
    if (d->is_full)
        return;
    d->has_route = true;
    d->route = route;
    d->proven_token = token;
}

bool world_disk_is_proven(const struct world_disk *d, uint64_t token)
{
    return d->has_route && d->proven_token == token;
}

RESULT world_disk_publish(struct world_disk *d, size_t output, const struct world_files *files)
{
    if (d->is_full)
        return full("tlscert");
    d->files[output] = *files;
    return NULL;
}
