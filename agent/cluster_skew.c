/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's clock against ours, read off its answers. */
#include "agent/cluster_private.h"

#define COMPONENT "cluster"

bool cluster_skew(struct cluster *c, struct dur *ret)
{
    struct dur uncertainty;
    struct now now = clock_now(c->c.clock);
    pthread_mutex_lock(&c->skew_lock);
    bool is_known = skew_get(&c->skew, now, ret, &uncertainty);
    pthread_mutex_unlock(&c->skew_lock);
    return is_known;
}

static void warn(const struct cluster *c, struct dur skew, struct dur uncertainty)
{
    bool is_behind = skew.ns > 0;
    log_warn(c->c.log, COMPONENT,
             is_behind
                 ? "this machine's clock is behind the cluster's: have it set by NTP (chrony, "
                   "systemd-timesyncd), or certificates end sooner than they seem to"
                 : "this machine's clock is ahead of the cluster's: have it set by NTP "
                   "(chrony, systemd-timesyncd), or certificates look expired too early",
             LOG_DUR("by", ((struct dur){is_behind ? skew.ns : -skew.ns})),
             LOG_DUR("uncertainty", uncertainty));
}

static void tell(const struct cluster *c, enum skew_news news, struct dur skew,
                 struct dur uncertainty)
{
    if (news == SKEW_OFF)
        warn(c, skew, uncertainty);
    else if (news == SKEW_FINE)
        log_info(c->c.log, COMPONENT, "this machine's clock agrees with the cluster's again");
}

void cluster_skew_note(struct cluster *c, const struct skew_reading *reading)
{
    struct dur skew, uncertainty;
    struct now now = clock_now(c->c.clock);
    pthread_mutex_lock(&c->skew_lock);
    skew_note(&c->skew, reading);
    enum skew_news news = skew_tell(&c->skew, now);
    bool is_known = skew_get(&c->skew, now, &skew, &uncertainty);
    pthread_mutex_unlock(&c->skew_lock);
    if (is_known)
        tell(c, news, skew, uncertainty);
}

void cluster_skew_note_issued(struct cluster *c, const struct credentials *issued,
                              struct mono asked)
{
    const struct skew_reading reading =
        skew_of_certificate(credentials_not_before(issued), asked, clock_mono(c->c.clock));
    cluster_skew_note(c, &reading);
}

struct wall cluster_skew_end(struct cluster *c, struct dur ttl)
{
    struct now now = clock_now(c->c.clock);
    pthread_mutex_lock(&c->skew_lock);
    struct wall end = skew_end(&c->skew, now, ttl);
    pthread_mutex_unlock(&c->skew_lock);
    return end;
}

void cluster_skew_note_signed(struct cluster *c, const struct credentials *creds)
{
    pthread_mutex_lock(&c->skew_lock);
    skew_note_signed(&c->skew, credentials_not_before(creds));
    pthread_mutex_unlock(&c->skew_lock);
}

struct err *cluster_skew_judge(struct cluster *c, struct err *e)
{
    if (err_code(e) != ERR_DENIED)
        return e;
    pthread_mutex_lock(&c->skew_lock);
    skew_doubt(&c->skew);
    pthread_mutex_unlock(&c->skew_lock);
    return e;
}
