/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_job.h"

#include "agent/openssh_version.h"
#include "agent/output_files.h"

#include <string.h>

void output_job_result_release(struct output_job_result *r)
{
    free(r->cluster);
    credential_facts_release(&r->facts);
    destination_report_release(&r->report);
    *r = (struct output_job_result){0};
}

static const struct strlist *roles(const struct output_job *job, const struct cluster_facts *facts)
{
    return job->service->roles.len > 0 ? &job->service->roles : &facts->default_roles;
}

static struct err *check_roles(const struct output_job *job, const struct cluster_facts *facts)
{
    if (roles(job, facts)->len > 0)
        return NULL;
    return err_set_hint(err_new(ERR_DENIED, "the bot has no role it may use for outputs"),
                        "Give the bot roles in the cluster (tctl bots update), or name them under "
                        "'roles' of this output.");
}

/* Every cluster's certificates of one CA type, one after the other. */
static struct err *all_tls(const struct cluster_cas *cas, struct strlist *ret)
{
    for (size_t i = 0; i < cas->len; i++)
        for (size_t k = 0; k < cas->items[i].tls.len; k++)
            TRY(strlist_add(ret, cas->items[i].tls.items[k]));
    return NULL;
}

static bool is_known(const struct cluster_facts *facts, const char *cluster)
{
    return strcmp(cluster, facts->name) == 0 || strlist_has(&facts->leaves, cluster);
}

/* The clusters ssh shall reach, ours first; `clusters` has room for all of the host CAs. */
static size_t ssh_clusters(const struct cluster_facts *facts, struct output_cluster *clusters)
{
    size_t n = 0;
    for (int ours = 1; ours >= 0; ours--) {
        for (size_t i = 0; i < facts->host.len; i++) {
            const struct cluster_ca *ca = &facts->host.items[i];
            bool is_ours = strcmp(ca->cluster, facts->name) == 0;
            if (is_ours == ours && is_known(facts, ca->cluster))
                clusters[n++] = (struct output_cluster){ca->cluster, &ca->ssh};
        }
    }
    return n;
}

static struct err *build(const struct output_job *job, const struct cluster_facts *facts,
                         const struct credentials *creds, struct output_files *ret)
{
    CLEANUP(strlist_release) struct strlist host = {0};
    CLEANUP(strlist_release) struct strlist user = {0};
    CLEANUP(strlist_release) struct strlist database = {0};
    CLEANUP(freep)
    struct output_cluster *clusters = calloc(facts->host.len + 1, sizeof(*clusters));
    if (!clusters)
        return err_nomem();
    TRY(all_tls(&facts->host, &host));
    TRY(all_tls(&facts->user, &user));
    TRY(all_tls(&facts->database, &database));
    struct output_inputs in = {
        .creds = creds,
        .cluster = facts->name,
        .cas = {&host, &user, &database},
        .with_ssh = job->service->ssh_config,
        .ssh = {.clusters = clusters,
                .n_clusters = ssh_clusters(facts, clusters),
                .proxy = facts->proxy,
                .bin = job->bin,
                .dir = destination_dir(job->destination),
                .server_major = facts->server_major,
                .openssh = openssh_version_installed(),
                .tls_routing = facts->tls_routing},
    };
    return output_files_build(&in, ret);
}

static struct err *issue(const struct output_job *job, const struct cluster_facts *facts,
                         const struct ctx *ctx, struct credentials **ret)
{
    struct cluster_issue_request request = {
        .roles = roles(job, facts),
        .route_to_cluster = job->service->cluster,
        .ttl = job->ttl,
        .allow_reissue = job->service->allow_reissue,
    };
    if (request.route_to_cluster && !is_known(facts, request.route_to_cluster))
        return err_set_hint(err_new(ERR_NOT_FOUND, "cluster '%s' is not a leaf of '%s'",
                                    request.route_to_cluster, facts->name),
                            "Correct 'cluster' of this output; 'tctl get rc' lists the leaves.");
    return cluster_issue(job->cluster, &request, ctx, ret);
}

RESULT output_job_run(const struct output_job *job, const struct ctx *ctx,
                      struct output_job_result *ret)
{
    CLEANUP(cluster_facts_freep) struct cluster_facts *facts = NULL;
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    CLEANUP(output_files_release) struct output_files files = {0};
    TRY(cluster_get_facts(job->cluster, ctx, &facts));
    TRY(check_roles(job, facts));
    TRY(issue(job, facts, ctx, &creds));
    TRY(build(job, facts, creds, &files));
    TRY(credential_facts_of(creds, &ret->facts));
    TRY(destination_publish(job->destination, files.items, files.len, &ret->report));
    const char *cluster = job->service->cluster ? job->service->cluster : facts->name;
    ret->cluster = strdup(cluster);
    ret->validity = (struct validity){credentials_not_before(creds), credentials_not_after(creds)};
    return ret->cluster ? NULL : err_nomem();
}
