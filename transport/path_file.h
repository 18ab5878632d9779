/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_PATH_FILE_H
#define TBOT_TRANSPORT_PATH_FILE_H

/*
 * The text of `path.json`: what is known about reaching a cluster. Pure; transport/path_memory.h
 * keeps the file.
 *
 *     {
 *       "version": 1,
 *       "settings": "5f70bf18…",
 *       "proven": "9b74c989…",
 *       "kind": "unknown",
 *       "route": "direct",
 *       "cluster": "example",
 *       "server_version": "17.2.0",
 *       "suite": "balanced-v1",
 *       "learnt": 1767322800
 *     }
 *
 * Times are seconds since 1970. What is not known is left out; members that are not named here are
 * not looked at.
 */

#include "base/clock.h"
#include "base/encode.h"
#include "identity/pki/key.h"
#include "transport/path.h"
#include "transport/version.h"

#define PATH_FILE_MAX ((size_t)4096)
#define PATH_FILE_CLUSTER_SIZE 256

struct path_file {
    char settings[SHA256_HEX_SIZE]; /* learnt under them: path_settings_hash() */
    char proven[SHA256_HEX_SIZE];   /* have worked: path_settings_join_hash(); "": none has */
    enum path_kind kind;
    bool has_route;
    enum route route;                     /* has_route: the way that worked last */
    char cluster[PATH_FILE_CLUSTER_SIZE]; /* "": not known */
    char server_version[VERSION_SIZE];    /* as it wrote it; "": not known, nor is the suite */
    enum suite suite;
    struct wall learnt; /* when it became what it is; whole seconds */
};

/* `out` may have bytes in it already. ERR_STORAGE when a text cannot be written as JSON. */
RESULT path_file_encode(const struct path_file *f, struct buf *out);

/* ERR_STORAGE for anything but a whole text of this form and version. */
RESULT path_file_decode(struct bytes text, struct path_file *ret);

/* Whether both say the same, whenever they learnt it. */
bool path_file_equals(const struct path_file *a, const struct path_file *b);

#endif
