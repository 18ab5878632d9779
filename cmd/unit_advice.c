/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_advice.h"

#include "cmd/unit_places.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_MAX ((size_t)1024 * 1024)

/* --- accounts --- */

/* One entry; the errno of a failure, ERANGE where `room` is too small for it. */
static int look_up_user(const char *name, char *room, size_t len, unsigned *ret, bool *ret_found)
{
    struct passwd entry, *found = NULL;
    int failed = getpwnam_r(name, &entry, room, len, &found);
    *ret_found = found;
    *ret = found ? found->pw_uid : 0;
    return failed;
}

static int look_up_group(const char *name, char *room, size_t len, unsigned *ret, bool *ret_found)
{
    struct group entry, *found = NULL;
    int failed = getgrnam_r(name, &entry, room, len, &found);
    *ret_found = found;
    *ret = found ? found->gr_gid : 0;
    return failed;
}

static const struct account_kind {
    const char *name, *remedy;
    int (*look_up)(const char *name, char *room, size_t len, unsigned *ret, bool *ret_found);
} user_kind = {"user",
               "Make it: useradd --system --user-group --no-create-home --home-dir /nonexistent "
               "--shell /usr/sbin/nologin",
               look_up_user},
  group_kind = {"group", "Make it: groupadd --system", look_up_group};

/* A group's entry carries its members: the room it needs is only known by trying. */
static RESULT find(const struct account_kind *kind, const char *name, unsigned *ret)
{
    bool found = false;
    int failed = ERANGE;
    for (size_t len = 4096; failed == ERANGE && len <= ROOM_MAX; len *= 4) {
        CLEANUP(freep) char *room = malloc(len);
        if (!room)
            return err_nomem();
        failed = kind->look_up(name, room, len, ret, &found);
    }
    if (found)
        return NULL;
    return err_set_hint(
        err_new(ERR_CONFIG, "there is no %s '%s' on this machine", kind->name, name), "%s %s",
        kind->remedy, name);
}

RESULT unit_advice_accounts(const struct unit *unit, struct unit_accounts *ret)
{
    TRY(find(&user_kind, unit->user, &ret->user));
    return find(&group_kind, unit->group, &ret->group);
}

/* --- what is next --- */

/* For a shell, where nothing means anything between single quotes but their end. */
static void print_word(const char *text, FILE *to)
{
    fputc('\'', to);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", to);
        else
            fputc(*text, to);
    fputs("'\n", to);
}

static bool can_read(const char *path, const struct unit_accounts *who)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return true; /* it was read just now: not ours to judge */
    if (st.st_uid == who->user)
        return st.st_mode & S_IRUSR;
    return st.st_mode & (st.st_gid == who->group ? S_IRGRP : S_IROTH);
}

static void print_rights(const struct unit *unit, const struct unit_accounts *accounts, FILE *to)
{
    if (can_read(unit->file, accounts))
        return;
    fprintf(to, "  chgrp %s ", unit->group);
    print_word(unit->file, to);
    fprintf(to, "  chmod u+r,g+r ");
    print_word(unit->file, to);
}

static void print_directories(const struct unit *unit, const struct unit_places *places, FILE *to)
{
    for (size_t i = 0; i < places->writable.len; i++)
        if (access(places->writable.items[i], F_OK) != 0) {
            fprintf(to, "  install -d -o %s -g %s -m 0750 ", unit->user, unit->group);
            print_word(places->writable.items[i], to);
        }
}

static RESULT print_preparation(const struct unit *unit, const struct unit_accounts *accounts,
                                FILE *to)
{
    CLEANUP(unit_places_release) struct unit_places places = {0};
    TRY(unit_places_find(unit->config, &places));
    print_rights(unit, accounts, to);
    print_directories(unit, &places, to);
    return NULL;
}

RESULT unit_advice_print(const struct unit *unit, const struct unit_accounts *accounts, FILE *to)
{
    fputs("Next:\n", to);
    if (!unit->is_template)
        TRY(print_preparation(unit, accounts, to));
    fputs("  systemctl daemon-reload\n", to);
    if (unit->is_template)
        fprintf(to, "  systemctl enable --now %s@NAME      for each /etc/tbot/NAME.yaml\n",
                unit->name);
    else
        fprintf(to, "  systemctl enable --now %s\n", unit->name);
    fprintf(to, "  systemctl status %s%s\n", unit->name, unit->is_template ? "@NAME" : "");
    return NULL;
}
