/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/bots.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void bots_uuid(const struct entropy *entropy, char out[BOTS_UUID_SIZE])
{
    uint8_t r[16];
    entropy_fill(entropy, r, sizeof(r));
    r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
    r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
    snprintf(out, BOTS_UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
             r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
             r[15]);
}

static void bot_free(struct bot *bot)
{
    if (!bot)
        return;
    free(bot->name);
    free(bot->user);
    strlist_release(&bot->roles);
    free(bot);
}
DEFINE_FREEP(bot)

void bots_release(struct bots *b)
{
    for (size_t i = 0; i < b->len; i++)
        bot_free(b->items[i]);
    free(b->items);
    *b = (struct bots){0};
}

static RESULT check_name(const char *name)
{
    size_t len = strlen(name);
    if (!len || len > BOTS_MAX_NAME)
        return err_new(ERR_REJECTED, "a bot's name has 1 to %d characters", BOTS_MAX_NAME);
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < ' ' || strchr("\"'\\:=,\x7f", *p))
            return err_new(ERR_REJECTED, "a bot's name cannot be '%s'", name);
    }
    return NULL;
}

static RESULT make(const char *name, const struct strlist *roles, struct bot **ret)
{
    CLEANUP(bot_freep) struct bot *bot = calloc(1, sizeof(*bot));
    if (!bot)
        return err_nomem();
    bot->name = strdup(name);
    if (!bot->name)
        return err_nomem();
    TRY(text_format(&bot->user, "bot-%s", name));
    for (char *p = bot->user; *p; p++) {
        if (*p == ' ')
            *p = '-';
    }
    TRY(strlist_copy(&bot->roles, roles));
    *ret = TAKE(bot);
    return NULL;
}

RESULT bots_add(struct bots *b, const char *name, const struct strlist *roles, struct bot **ret)
{
    TRY(check_name(name));
    if (b->len >= BOTS_MAX)
        return err_new(ERR_REJECTED, "there are %d bots already", BOTS_MAX);
    CLEANUP(bot_freep) struct bot *bot = NULL;
    TRY(make(name, roles, &bot));
    if (bots_find_user(b, bot->user))
        return err_new(ERR_REJECTED, "there is a bot '%s' already", name);
    struct bot **grown = reallocarray(b->items, b->len + 1, sizeof(struct bot *));
    if (!grown)
        return err_nomem();
    b->items = grown;
    *ret = bot;
    b->items[b->len++] = TAKE(bot);
    return NULL;
}

struct bot *bots_find(const struct bots *b, const char *name)
{
    for (size_t i = 0; i < b->len; i++) {
        if (strcmp(b->items[i]->name, name) == 0)
            return b->items[i];
    }
    return NULL;
}

struct bot *bots_find_user(const struct bots *b, const char *user)
{
    for (size_t i = 0; i < b->len; i++) {
        if (strcmp(b->items[i]->user, user) == 0)
            return b->items[i];
    }
    return NULL;
}

RESULT bot_check_lock(const struct bot *bot)
{
    if (!bot->is_locked)
        return NULL;
    return err_new(ERR_LOCKED, "lock targeting User:\"%s\" is in force", bot->user);
}

int64_t bot_generation(const struct bot *bot)
{
    return bot->n_instances ? bot->instances[bot->n_instances - 1].generation : 0;
}

/* Moves an instance, or a new one, to the end of the list and returns it. */
static struct bot_instance *touch(struct bot *bot, const char *id)
{
    struct bot_instance found = {.generation = 0};
    snprintf(found.id, sizeof(found.id), "%s", id);
    size_t at = 0;
    while (at < bot->n_instances && strcmp(bot->instances[at].id, id) != 0)
        at++;
    if (at < bot->n_instances)
        found.generation = bot->instances[at].generation;
    else if (bot->n_instances == BOTS_MAX_INSTANCES)
        at = 0;
    else
        bot->n_instances++;
    memmove(&bot->instances[at], &bot->instances[at + 1],
            (bot->n_instances - at - 1) * sizeof(found));
    struct bot_instance *last = &bot->instances[bot->n_instances - 1];
    *last = found;
    return last;
}

RESULT bot_join(struct bot *bot, const char *instance_id, int64_t *ret_generation)
{
    TRY(bot_check_lock(bot));
    if (!*instance_id && bot_generation(bot) > 0)
        return err_new(ERR_REJECTED,
                       "bot user \"%s\" has already been issued a renewable certificate and "
                       "cannot be issued another; delete and recreate the bot",
                       bot->user);
    struct bot_instance *instance = touch(bot, instance_id);
    instance->generation = 1;
    *ret_generation = instance->generation;
    return NULL;
}

static RESULT mismatch(struct bot *bot, const char *instance_id, int64_t stored, int64_t presented)
{
    bot->is_locked = true;
    if (!*instance_id)
        return err_new(ERR_DENIED,
                       "renewable cert generation mismatch: stored=%" PRId64 ", presented=%" PRId64,
                       stored, presented);
    return err_new(ERR_DENIED,
                   "renewable cert generation mismatch for bot %s/%s: stored=%" PRId64
                   ", presented=%" PRId64,
                   bot->name, instance_id, stored, presented);
}

RESULT bot_renew(struct bot *bot, const char *instance_id, int64_t presented,
                 int64_t *ret_generation)
{
    TRY(bot_check_lock(bot));
    if (presented <= 0)
        return err_new(ERR_DENIED, "a current identity generation must be provided");
    if (strlen(instance_id) >= BOTS_UUID_SIZE)
        return err_new(ERR_DENIED, "a bot instance of an odd form");
    struct bot_instance *instance = touch(bot, instance_id);
    bool is_unknown = *instance_id && instance->generation == 0;
    if (!is_unknown && instance->generation != presented)
        return mismatch(bot, instance_id, instance->generation, presented);
    instance->generation++;
    *ret_generation = instance->generation;
    return NULL;
}
