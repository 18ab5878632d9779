/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include "authority/say.h"

static void keys_array_release(struct ca_keys (*fresh)[CA_KIND_COUNT])
{
    for (int i = 0; i < CA_KIND_COUNT; i++)
        ca_keys_release(&(*fresh)[i]);
}

static enum ca_phase target(const struct ca *ca, const enum ca_phase *to)
{
    return to ? *to : ca_phase_next(ca->phase);
}

/* The keys are made before the lock is taken: with RSA they need a second, and nobody else waits. */
RESULT authority_rotate(struct authority *a, enum ca_kind kind, const enum ca_phase *to)
{
    CLEANUP(keys_array_release) struct ca_keys fresh[CA_KIND_COUNT] = { 0 };
    int first = kind == CA_KIND_COUNT ? 0 : (int)kind;
    int last = kind == CA_KIND_COUNT ? CA_KIND_COUNT - 1 : (int)kind;
    for (int i = first; i <= last; i++) {
        if (target(&a->state.cas[i], to) == CA_INIT)
            TRY(ca_keys_generate((enum ca_kind)i, a->state.suite, a->state.cluster,
                                 clock_wall(a->clock), &fresh[i]));
    }
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    for (int i = first; i <= last; i++) {
        struct ca *ca = &a->state.cas[i];
        TRY(ca_rotate(ca, target(ca, to), &fresh[i]));
        say("authority '%s' is in phase '%s'", ca_kind_name(ca->kind), ca_phase_name(ca->phase));
    }
    return authority_save(a);
}
