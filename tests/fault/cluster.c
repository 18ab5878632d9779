/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/cluster.h"

#include "tests/fault/faults.h"
#include "tests/support/pki_fixture.h"

static const struct cluster_remote *of(struct remote *r)
{
    return (const struct cluster_remote *)r;
}

/* The cluster's own work is not what is tested. */
static struct err *unavailable(const char *when)
{
    faults_pause();
    struct err *e = err_new(ERR_UNAVAILABLE, "the connection to the cluster ended: %s", when);
    faults_resume();
    return e;
}

static bool ends(const char *when)
{
    return faults_fail(POINT_REMOTE, when, NULL);
}

static struct credentials *issue(const struct cluster_remote *r, struct key *key, struct dur ttl)
{
    static const char *const instance[] = {OID_BOT_INSTANCE, "0d2c3a5e-1111-4222-8333-444455556666",
                                           NULL};
    faults_pause();
    int64_t now = wall_to_unix(clock_wall(r->clock));
    struct credentials *c = fixture_credentials(&(struct fixture){
        .generation = r->cluster->generation,
        .not_before = now - 60,
        .not_after = now + dur_to_s(ttl),
        .attributes = r->cluster->has_instances ? instance : NULL,
        .key = key,
    });
    faults_resume();
    return c;
}

static struct err *join(struct remote *remote, struct dur ttl, const struct ctx *ctx,
                        const struct ctx *patient, struct credentials **ret)
{
    (void)ctx, (void)patient;
    const struct cluster_remote *r = of(remote);
    if (ends("before the join"))
        return unavailable("before the join");
    r->cluster->joins++;
    r->cluster->generation = 1;
    if (ends("before the reply to the join"))
        return unavailable("before the reply to the join");
    *ret = issue(r, NULL, ttl);
    return NULL;
}

static struct err *key_kind(struct remote *remote, struct credentials *creds, const struct ctx *ctx,
                            enum key_kind *ret)
{
    (void)remote, (void)creds, (void)ctx;
    if (ends("in Ping"))
        return unavailable("in Ping");
    *ret = KEY_ECDSA_P256;
    return NULL;
}

static struct err *lock_bot(struct cluster *c)
{
    c->is_locked = true;
    faults_pause();
    struct err *e = err_new(ERR_LOCKED, "an old generation was presented");
    faults_resume();
    return e;
}

static struct err *renew(struct remote *remote, struct credentials *creds, struct key *key,
                         struct dur ttl, const struct ctx *ctx, bool *ret_written,
                         struct credentials **ret)
{
    (void)ctx;
    const struct cluster_remote *r = of(remote);
    bool is_away = r->cluster->away > 0;
    r->cluster->away -= is_away;
    if (is_away || ends("before the request"))
        return unavailable("before the request");
    *ret_written = true;
    if (ends("before the request arrived"))
        return unavailable("before the request arrived");
    r->cluster->requests++;
    if (credentials_subject(creds)->generation != r->cluster->generation)
        return lock_bot(r->cluster);
    r->cluster->generation++;
    r->cluster->replies_lost++;
    if (ends("before the reply"))
        return unavailable("before the reply");
    r->cluster->replies_lost--;
    *ret = issue(r, key, ttl);
    return NULL;
}

static struct err *read_generation(struct remote *remote, struct credentials *creds,
                                   const struct ctx *ctx, int64_t *ret)
{
    (void)creds, (void)ctx;
    if (ends("reading the generation"))
        return unavailable("reading the generation");
    *ret = of(remote)->cluster->generation;
    return NULL;
}

void cluster_remote_make(struct cluster_remote *r, struct cluster *c, const struct clock *clock)
{
    *r = (struct cluster_remote){
        .remote = {.join = join,
                   .key_kind = key_kind,
                   .renew = renew,
                   .read_generation = read_generation},
        .cluster = c,
        .clock = clock,
    };
}
