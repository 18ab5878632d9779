/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_KUBE_SECRET_H
#define TBOT_AGENT_KUBE_SECRET_H

/*
 * A Kubernetes secret as text: what is applied, and what is read back. Pure. Keys are in it, so both
 * texts are struct secret. Threads: any.
 */

#include "agent/config.h"
#include "agent/secret_files.h"

/* Of all values together, as the API server counts them. */
#define KUBE_SECRET_MAX (1024 * 1024)

/* In base64, with names, and what field managers leave in a secret. */
#define KUBE_SECRET_JSON_MAX ((size_t)3 * 1024 * 1024)

struct kube_secret {
    const char *name_space, *name;
    const struct config_label *labels;
    size_t n_labels;
};

/*
 * The whole of the secret as we want it, to be applied: JSON, which is YAML too. Type Opaque, one entry
 * for each file. ERR_STORAGE for what a secret cannot hold: too much, or an odd name.
 */
RESULT kube_secret_encode(const struct kube_secret *s, const struct dir_file *files, size_t n_files,
                          struct secret **ret);

/*
 * The files of a secret that was read, into the empty *ret. *ret_is_ours: the field manager `manager` has
 * applied it before. ERR_PROTOCOL.
 */
RESULT kube_secret_decode(struct bytes json, const char *manager, struct secret_files *ret,
                          bool *ret_is_ours);

#endif
