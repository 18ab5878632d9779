/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include "agent/config_check.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_name_taken(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->n_services; i++)
        if (config->services[i].name && strcmp(config->services[i].name, name) == 0)
            return true;
    return false;
}

/* "kubernetes/v2" becomes "kubernetes-v2-1"; a number a person took already is passed over. */
static RESULT give_name(struct config *config, struct config_service *service)
{
    for (unsigned n = 1;; n++) {
        CLEANUP(freep) char *name = NULL;
        TRY(text_format(&name, "%s-%u", config_service_type_name(service->type), n));
        for (char *c = name; *c; c++)
            if (!isalnum((unsigned char)*c))
                *c = '-';
        if (is_name_taken(config, name))
            continue;
        service->name = TAKE(name);
        return NULL;
    }
}

static RESULT complete(struct config *config)
{
    if (config->storage.type == CONFIG_DESTINATION_NONE)
        TRY(config_destination_set(&config->storage, CONFIG_DEFAULT_STORAGE));
    for (size_t i = 0; i < config->n_services; i++)
        if (!config->services[i].name)
            TRY(give_name(config, &config->services[i]));
    return NULL;
}

/* Names are letters, digits, '_', '+' and '-' here: no path leads out of the storage. */
static RESULT place_caches(struct config *config)
{
    for (size_t i = 0; i < config->n_services; i++) {
        struct config_destination *place = &config->services[i].destination;
        if (!place->is_cached || place->path)
            continue;
        TRY(text_format(&place->path, "%s/" CONFIG_CACHE "/%s", config->storage.path,
                        config->services[i].name));
        place->symlinks = config->storage.symlinks;
    }
    return NULL;
}

struct err *config_validate(struct config *config)
{
    CLEANUP(config_report_release) struct config_report report = {.file = config->file};
    TRY(complete(config));
    TRY(config_check_contradictions(config, &report));
    TRY(config_check_complete(config, &report));
    TRY(config_report_result(&report));
    TRY(place_caches(config));
    return config_report_take_warnings(&report, &config->warnings);
}
