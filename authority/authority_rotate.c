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

static bool needs_keys(struct authority *a, int kind, const enum ca_phase *to)
{
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    return target(&a->state.cas[kind], to) == CA_INIT;
}

/*
 * The keys are made before the lock is taken: with RSA they need a second, and nobody else waits.
 * Somebody else may rotate meanwhile: a set that was not made is told from one that was.
 */
RESULT authority_rotate(struct authority *a, enum ca_kind kind, const enum ca_phase *to)
{
    CLEANUP(keys_array_release) struct ca_keys fresh[CA_KIND_COUNT] = {0};
    int first = kind == CA_KIND_COUNT ? 0 : (int)kind;
    int last = kind == CA_KIND_COUNT ? CA_KIND_COUNT - 1 : (int)kind;
    for (int i = first; i <= last; i++) {
        if (needs_keys(a, i, to))
            TRY(ca_keys_generate((enum ca_kind)i, a->state.suite, a->state.cluster,
                                 clock_wall(a->clock), &fresh[i]));
    }
    CLEANUP(authority_unlockp) pthread_mutex_t *held = authority_hold(a);
    (void)held;
    for (int i = first; i <= last; i++) {
        struct ca *ca = &a->state.cas[i];
        if (target(ca, to) == CA_INIT && !fresh[i].tls)
            return err_new(ERR_BUSY, "the authorities are being rotated by somebody else");
        TRY(ca_rotate(ca, target(ca, to), &fresh[i]));
        say("authority '%s' is in phase '%s'", ca_kind_name(ca->kind), ca_phase_name(ca->phase));
    }
    return authority_save(a);
}
