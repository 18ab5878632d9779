/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_credential.h"

#include "base/text.h"

RESULT config_credential_find(struct config *config, char *(*get)(const char *name))
{
    struct config_onboarding *o = &config->onboarding;
    const char *dir = get("CREDENTIALS_DIRECTORY");
    if (!o->token_path || o->token_credential || !dir || *dir != '/')
        return NULL;
    return text_format(&o->token_credential, "%s/" CONFIG_CREDENTIAL_TOKEN, dir);
}
