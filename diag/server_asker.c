/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/server_private.h"

static bool has_https(const struct diag_server *s)
{
    for (size_t i = 0; i < s->c.n_addresses; i++) {
        if (s->c.addresses[i].scheme == DIAG_HTTPS)
            return true;
    }
    return false;
}

RESULT server_asker_init(struct diag_server *s)
{
    static const struct diag_tls_config own_identity = {0};
    const struct diag_tls_config *tls = s->c.tls ? s->c.tls : &own_identity;
    if (s->c.token_file)
        TRY(diag_token_file_open(s->c.token_file, s->c.log, &s->tokens));
    if (has_https(s))
        TRY(diag_tls_keys_new(tls, s->c.log, &s->tls.keys));
    return NULL;
}

void server_asker_release(struct diag_server *s)
{
    diag_token_file_free(s->tokens);
    diag_tls_keys_free(s->tls.keys);
}

/* Whoever listens on the way has the token. A proxy that ends TLS before us is a reason to go on. */
void server_asker_warn(const struct diag_server *s)
{
    for (size_t i = 0; s->tokens && i < s->n_ears; i++) {
        const struct diag_listener *l = &s->ears[i].listener;
        if (l->origin == DIAG_FROM_NETWORK && !l->is_tls)
            log_warn(s->c.log, "diag", "tokens sent to this address cross the network unencrypted",
                     LOG_STR("address", l->text));
    }
}

void server_asker_identify(struct diag_server *s, const struct place *at, struct diag_request *r)
{
    struct diag_asker *asker = &r->asker;
    asker->origin = s->ears[at->listener].listener.origin;
    asker->is_peer_allowed = at->is_peer_allowed;
    asker->is_tls = at->is_tls;
    asker->is_known = at->known_as && wall_before(loop_now(s->c.loop).wall, at->known_until);
    asker->name = asker->is_known ? at->known_as : NULL;
    diag_token_file_identify(s->tokens, r->authorization, asker);
}

void diag_server_use(struct diag_server *s, struct credentials *own)
{
    if (s->tls.keys)
        diag_tls_keys_use(s->tls.keys, own);
}
