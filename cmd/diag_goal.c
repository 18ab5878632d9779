/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_goal.h"

#include "base/cleanup.h"
#include "cmd/diag_client.h"
#include "cmd/status_doc.h"

#include <string.h>

const char *const diag_goal_choices[] = {"ready", "serving", NULL};

const char *diag_goal_what(const struct diag_goal *g)
{
    return g->what ? g->what : diag_goal_choices[0];
}

RESULT diag_goal_page(const struct diag_goal *g, struct buf *out)
{
    TRY(buf_add_str(out, strcmp(diag_goal_what(g), "serving") == 0 ? "/servez" : "/readyz"));
    return g->service ? diag_client_path("/", g->service, out) : NULL;
}

/* Of all: `status`, a sentence. Of one service: its state, and why. */
static const char *find_reason(const json_t *root)
{
    const char *reason = status_doc_text(root, "reason");
    const char *status = status_doc_text(root, "status");
    const char *state = status_doc_text(root, "state");
    const char *error = status_doc_text(root, "error"); /* no answer to the question at all */
    bool is_one = !json_object_get(root, "services") && state;
    if (reason || error)
        return reason ? reason : error;
    return is_one || !status ? state : status;
}

/* Of one service its own; of all that of the first which has one and is in the state of the whole. */
static const char *find_hint(const json_t *root)
{
    const char *overall = status_doc_text(root, "state");
    json_t *services = json_object_get(root, "services");
    const char *name;
    json_t *service;
    json_object_foreach(services, name, service)
    {
        const char *hint = status_doc_text(service, "hint");
        const char *state = status_doc_text(service, "state");
        if (hint && state && overall && strcmp(state, overall) == 0)
            return hint;
    }
    return status_doc_text(root, "hint");
}

char *diag_goal_reason(struct bytes body)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    struct err *e = status_doc_parse(body, &root);
    err_ignore(e, "an answer without words is one without words");
    const char *reason = find_reason(root);
    return reason ? strdup(reason) : NULL;
}

void diag_goal_print(const struct diag_goal *g, bool is_reached, struct bytes body, FILE *to)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    err_ignore(status_doc_parse(body, &root), "the exit code says it too");
    const char *reason = find_reason(root);
    const char *hint = find_hint(root);
    fprintf(to, "%s%s%s%s", g->service ? g->service : "", g->service ? ": " : "",
            is_reached ? "" : "not ", diag_goal_what(g));
    if (!is_reached && reason)
        fprintf(to, ": %s", reason);
    fputc('\n', to);
    if (!is_reached && hint)
        fprintf(to, "  -> %s\n", hint);
}
