/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_mask.h"

#include "agent/config_schema.h"
#include "agent/config_value.h"

#include <string.h>

/* The path of a token's file is no secret, and worth knowing. */
static RESULT mask_token(struct config_onboarding *onboarding)
{
    if (!onboarding->token)
        return NULL;
    secret_free(TAKE(onboarding->token));
    return secret_new(CONFIG_MASK, strlen(CONFIG_MASK), &onboarding->token);
}

static RESULT mask_text(char **text)
{
    return *text && **text ? config_value_set_text(text, CONFIG_MASK) : NULL;
}

/* Secrets are kept as what they are; a kind that nobody has masked yet must not go out as it is. */
static RESULT mask_value(const struct config_key *key, void *section)
{
    if (key->kind == CONFIG_TOKEN)
        return mask_token(section);
    if (key->kind == CONFIG_TEXT)
        return mask_text((char **)((char *)section + key->offset));
    return err_new(ERR_BUG, "key '%s' is sensitive and of a kind that cannot be masked", key->name);
}

static RESULT mask_section(const struct config_section *section, void *values)
{
    for (; section; section = section->base)
        for (size_t i = 0; i < section->n_keys; i++) {
            const struct config_key *key = &section->keys[i];
            if (!key->is_kept)
                continue;
            if (key->flags & CONFIG_SENSITIVE)
                TRY(mask_value(key, values));
            else if (key->kind == CONFIG_SECTION)
                TRY(mask_section(key->section, (char *)values + key->offset));
        }
    return NULL;
}

static RESULT mask_service(const struct config_variants *variants, struct config_service *service)
{
    for (size_t i = 0; i < variants->len; i++)
        if (variants->items[i].is_built && variants->items[i].type == (unsigned)service->type)
            TRY(mask_section(variants->items[i].section, service));
    return NULL;
}

RESULT config_mask(struct config *config)
{
    TRY(mask_section(&config_schema_top, config));
    for (size_t i = 0; i < config->n_services; i++)
        TRY(mask_service(&config_schema_services, &config->services[i]));
    return NULL;
}
