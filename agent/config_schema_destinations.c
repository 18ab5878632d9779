/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_schema.h"

static const char *const symlink_choices[] = {
    [SYMLINKS_TRY_SECURE] = "try-secure",
    [SYMLINKS_SECURE] = "secure",
    [SYMLINKS_INSECURE] = "insecure",
    NULL,
};
static const char *const acl_choices[] = {
    [CONFIG_ACLS_TRY] = "try",
    [CONFIG_ACLS_OFF] = "off",
    [CONFIG_ACLS_REQUIRED] = "required",
    NULL,
};
static const char *const atomic_choices[] = {
    [CONFIG_ATOMIC_OFF] = "off",
    [CONFIG_ATOMIC_SYMLINK] = "symlink",
    NULL,
};

static const struct config_key common_keys[] = {
    {"type", CONFIG_TEXT, CONFIG_ELSEWHERE | CONFIG_REQUIRED, .help = "the kind of destination"},
};
static const struct config_section common = {"every destination", CONFIG_KEYS(common_keys)};

static const struct config_key directory_keys[] = {
    {"path", CONFIG_TEXT, CONFIG_REQUIRED, .help = "the directory",
     CONFIG_KEEP(struct config_destination, path)},
    {"symlinks", CONFIG_CHOICE, .help = "follow symbolic links on the way",
     .choices = symlink_choices, CONFIG_KEEP(struct config_destination, symlinks)},
    {"acls", CONFIG_CHOICE, .help = "give readers access by ACL", .choices = acl_choices,
     CONFIG_KEEP(struct config_destination, acls)},
    {"readers", CONFIG_READERS, .help = "list of {user: …} or {group: …}", .is_kept = true},
    {"atomic", CONFIG_CHOICE, CONFIG_OURS, .help = "change all files at once, by a symbolic link",
     .choices = atomic_choices, CONFIG_KEEP(struct config_destination, atomic)},
};
static const struct config_section directory = {"directory", CONFIG_KEYS(directory_keys), &common};

static const struct config_key memory_keys[] = {
    {"cache", CONFIG_BOOL, CONFIG_OURS, .help = "keep a copy in the storage, for the next start",
     CONFIG_KEEP(struct config_destination, is_cached)},
};
static const struct config_section memory = {"memory", CONFIG_KEYS(memory_keys), &common};

static const struct config_key kubernetes_secret_keys[] = {
    {"name", CONFIG_TEXT, CONFIG_REQUIRED, .help = "name of the secret",
     CONFIG_KEEP(struct config_destination, name)},
    {"labels", CONFIG_LABELS, .help = "labels to put on it",
     CONFIG_KEEP(struct config_destination, labels)},
    {"namespace", CONFIG_TEXT, .help = "its namespace; the pod's",
     CONFIG_KEEP(struct config_destination, name_space)},
    {"service_account_dir", CONFIG_TEXT, CONFIG_OURS,
     .help = "directory with token, ca.crt and namespace",
     CONFIG_KEEP(struct config_destination, service_account_dir)},
    {"kubeconfig_path", CONFIG_TEXT, CONFIG_NOT_BUILT,
     .help = "how to reach the Kubernetes cluster"},
    {"kubeconfig_context", CONFIG_TEXT, CONFIG_NOT_BUILT, .help = "which context of that file"},
};
static const struct config_section kubernetes_secret = {
    "kubernetes_secret", CONFIG_KEYS(kubernetes_secret_keys), &common};

static const struct config_section nop = {"nop", .base = &common};

static const struct config_variant destinations[] = {
    {"directory", true, CONFIG_DESTINATION_DIRECTORY, &directory, "files in a directory"},
    {"memory", true, CONFIG_DESTINATION_MEMORY, &memory,
     "nothing on disk but a 'cache'; gone at exit"},
    {"kubernetes_secret", true, CONFIG_DESTINATION_KUBERNETES_SECRET, &kubernetes_secret,
     "a secret of the Kubernetes cluster this pod runs in"},
    {"nop", .section = &nop, .help = "nowhere; for Go tbot's own use"},
};
const struct config_variants config_schema_destinations = {
    "destination type", destinations, sizeof(destinations) / sizeof(*destinations)};
