/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/acl.h"

#include <endian.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/xattr.h>

#define XATTR_NAME "system.posix_acl_access"
#define XATTR_VERSION 2
#define NO_ID UINT32_MAX /* of the entries that name nobody */
#define LOOKUP_MAX (1024 * 1024)

enum tag {
    TAG_OWNER = 0x01,
    TAG_USER = 0x02,
    TAG_OWNING_GROUP = 0x04,
    TAG_GROUP = 0x08,
    TAG_MASK = 0x10,
    TAG_OTHER = 0x20,
};

enum perm {
    PERM_NONE = 0,
    PERM_X = 1,
    PERM_W = 2,
    PERM_R = 4,
};

struct xattr_entry {
    uint16_t tag, perm;
    uint32_t id;
};

static bool is_number(const char *name)
{
    return *name && name[strspn(name, "0123456789")] == '\0';
}

/* The number of the user or group; false when there is none. Returns the errno of a failure. */
static int lookup_in(const struct config_reader *reader, char *room, size_t len, uint32_t *ret_id,
                     bool *ret_found)
{
    int failed = 0;

    if (reader->is_group) {
        struct group entry, *found = NULL;
        failed = getgrnam_r(reader->name, &entry, room, len, &found);
        *ret_found = found;
        *ret_id = found ? found->gr_gid : 0;
    } else {
        struct passwd entry, *found = NULL;
        failed = getpwnam_r(reader->name, &entry, room, len, &found);
        *ret_found = found;
        *ret_id = found ? found->pw_uid : 0;
    }
    return failed;
}

/* What POSIX lets the user database answer for "no such entry". */
static bool means_unknown(int failed)
{
    return failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM;
}

static RESULT lookup(const struct config_reader *reader, uint32_t *ret)
{
    const char *what = reader->is_group ? "group" : "user";

    /* A group's entry carries all its members: the room it needs is only known by trying. */
    for (size_t len = 4096; len <= LOOKUP_MAX; len *= 4) {
        CLEANUP(freep) char *room = malloc(len);
        if (!room)
            return err_nomem();
        bool found = false;
        uint32_t id = 0;
        int failed = lookup_in(reader, room, len, &id, &found);
        if (failed == ERANGE)
            continue;
        if (found) {
            *ret = id;
            return NULL;
        }
        if (!means_unknown(failed))
            return err_sys(ERR_STORAGE, failed, "look up reader %s '%s'", what, reader->name);
        return err_set_hint(
            err_new(ERR_CONFIG, "reader %s '%s' does not exist on this system", what, reader->name),
            "Correct 'readers', create the %s, or give its number.", what);
    }
    return err_new(ERR_STORAGE, "look up reader %s '%s': its entry is too large", what,
                   reader->name);
}

static RESULT resolve(const struct config_reader *reader, struct acl_reader *ret)
{
    uint32_t id = 0;

    if (is_number(reader->name)) {
        errno = 0;
        unsigned long long number = strtoull(reader->name, NULL, 10);
        if (errno || number >= NO_ID)
            return err_new(ERR_CONFIG, "reader '%s' is no user or group number", reader->name);
        id = (uint32_t)number;
    } else {
        TRY(lookup(reader, &id));
    }
    *ret = (struct acl_reader){.is_group = reader->is_group, .id = id};
    return NULL;
}

static int compare_readers(const void *a, const void *b)
{
    const struct acl_reader *x = a, *y = b;

    if (x->is_group != y->is_group)
        return x->is_group ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

static void drop_repeated(struct acl_readers *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->len; i++) {
        if (kept && compare_readers(&r->items[kept - 1], &r->items[i]) == 0)
            continue;
        r->items[kept++] = r->items[i];
    }
    r->len = kept;
}

RESULT acl_readers_resolve(const struct config_reader *names, size_t n, struct acl_readers *ret)
{
    if (n > ACL_MAX_READERS)
        return err_new(ERR_CONFIG, "%zu readers: at most %d are possible", n, ACL_MAX_READERS);
    if (n == 0) {
        *ret = (struct acl_readers){0};
        return NULL;
    }
    CLEANUP(freep) struct acl_reader *items = calloc(n, sizeof(*items));
    if (!items)
        return err_nomem();
    for (size_t i = 0; i < n; i++)
        TRY(resolve(&names[i], &items[i]));
    qsort(items, n, sizeof(*items), compare_readers);

    struct acl_readers readers = {.items = TAKE(items), .len = n};
    drop_repeated(&readers);
    *ret = readers;
    return NULL;
}

void acl_readers_release(struct acl_readers *r)
{
    free(r->items);
    *r = (struct acl_readers){0};
}

static RESULT add_entry(struct buf *b, enum tag tag, unsigned perm, uint32_t id)
{
    struct xattr_entry entry = {
        .tag = htole16((uint16_t)tag), .perm = htole16((uint16_t)perm), .id = htole32(id)};
    return buf_add(b, &entry, sizeof(entry));
}

static RESULT add_readers(struct buf *b, const struct acl_readers *readers, bool groups,
                          unsigned perm)
{
    for (size_t i = 0; i < readers->len; i++) {
        const struct acl_reader *r = &readers->items[i];
        if (r->is_group == groups)
            TRY(add_entry(b, groups ? TAG_GROUP : TAG_USER, perm, r->id));
    }
    return NULL;
}

/* The order of the tags is the one the kernel insists on. */
RESULT acl_build(const struct acl_readers *readers, enum acl_kind kind, struct buf *ret)
{
    bool directory = kind == ACL_FOR_DIRECTORY;
    unsigned owner = PERM_R | PERM_W | (directory ? PERM_X : 0);
    unsigned reader = PERM_R | (directory ? PERM_X : 0);
    uint32_t version = htole32(XATTR_VERSION);

    TRY(buf_add(ret, &version, sizeof(version)));
    TRY(add_entry(ret, TAG_OWNER, owner, NO_ID));
    TRY(add_readers(ret, readers, false, reader));
    TRY(add_entry(ret, TAG_OWNING_GROUP, PERM_NONE, NO_ID));
    TRY(add_readers(ret, readers, true, reader));
    TRY(add_entry(ret, TAG_MASK, reader, NO_ID));
    return add_entry(ret, TAG_OTHER, PERM_NONE, NO_ID);
}

RESULT acl_get(int fd, struct buf *ret)
{
    uint8_t raw[ACL_MAX_SIZE];
    ssize_t n = fgetxattr(fd, XATTR_NAME, raw, sizeof(raw));

    if (n < 0 && errno == ENODATA)
        return NULL;
    if (n < 0)
        return err_sys(ERR_STORAGE, errno, "read the ACL");
    return buf_add(ret, raw, (size_t)n);
}

RESULT acl_ensure(int fd, struct bytes acl, bool *ret_changed)
{
    CLEANUP(buf_freep) struct buf *now = buf_new(ACL_MAX_SIZE);
    if (!now)
        return err_nomem();
    TRY(acl_get(fd, now));
    if (now->len == acl.len && memcmp(now->data, acl.data, acl.len) == 0) {
        *ret_changed = false;
        return NULL;
    }
    if (fsetxattr(fd, XATTR_NAME, acl.data, acl.len, 0))
        return err_sys(ERR_STORAGE, errno, "set the ACL");
    *ret_changed = true;
    return NULL;
}

static const char *tag_name(uint16_t tag)
{
    switch (tag) {
    case TAG_OWNER:
    case TAG_USER:
        return "user";
    case TAG_OWNING_GROUP:
    case TAG_GROUP:
        return "group";
    case TAG_MASK:
        return "mask";
    case TAG_OTHER:
        return "other";
    default:
        return NULL;
    }
}

static RESULT print_entry(const struct xattr_entry *raw, const char *before, struct buf *ret)
{
    uint16_t tag = le16toh(raw->tag), perm = le16toh(raw->perm);
    const char *name = tag_name(tag);

    if (!name || perm > (PERM_R | PERM_W | PERM_X))
        return err_new(ERR_STORAGE, "an ACL entry of kind %#x with rights %#x is unknown",
                       (unsigned)tag, (unsigned)perm);
    TRY(buf_printf(ret, "%s%s:", before, name));
    if (tag == TAG_USER || tag == TAG_GROUP)
        TRY(buf_printf(ret, "%u", le32toh(raw->id)));
    return buf_printf(ret, ":%c%c%c", perm & PERM_R ? 'r' : '-', perm & PERM_W ? 'w' : '-',
                      perm & PERM_X ? 'x' : '-');
}

RESULT acl_print(struct bytes acl, struct buf *ret)
{
    uint32_t version = 0;
    struct xattr_entry entry;

    if (acl.len < sizeof(version) || (acl.len - sizeof(version)) % sizeof(entry))
        return err_new(ERR_STORAGE, "an ACL of %zu bytes is not whole", acl.len);
    memcpy(&version, acl.data, sizeof(version));
    if (le32toh(version) != XATTR_VERSION)
        return err_new(ERR_STORAGE, "an ACL of form %u is unknown", le32toh(version));
    for (size_t at = sizeof(version); at < acl.len; at += sizeof(entry)) {
        memcpy(&entry, acl.data + at, sizeof(entry));
        TRY(print_entry(&entry, at > sizeof(version) ? "," : "", ret));
    }
    return NULL;
}
