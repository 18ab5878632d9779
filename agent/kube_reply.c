/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_reply.h"

#include "transport/json_read.h"

#include <string.h>

#define STATUS_UNAUTHORIZED 401
#define STATUS_FORBIDDEN 403
#define STATUS_NOT_FOUND 404
#define STATUS_CONFLICT 409
#define STATUS_GONE 410
#define STATUS_TOO_LARGE 413
#define STATUS_UNSUPPORTED 415
#define STATUS_INVALID 422
#define STATUS_BUSY 429

/* --- reading --- */

/* A text of the server, as much of it as there is room for. */
static void copy_text(const json_t *object, const char *name, size_t size, char *ret)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t len = text ? strnlen(text, size - 1) : 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] >= ' ' && text[i] <= '~')
            ret[i] = text[i];
        else
            ret[i] = ' ';
    ret[len] = '\0';
}

static bool has_cause(const json_t *details, const char *reason)
{
    const json_t *causes = json_object_get(details, "causes");
    for (size_t i = 0; i < json_array_size(causes); i++) {
        const json_t *cause = json_object_get(json_array_get(causes, i), "reason");
        const char *text = json_string_value(cause);
        if (text && strcmp(text, reason) == 0)
            return true;
    }
    return false;
}

void kube_reply_read(unsigned status, struct bytes body, struct dur retry_after,
                     struct kube_reply *ret)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    *ret = (struct kube_reply){.status = status, .retry_after = retry_after};
    struct err *e = json_read("status", body, JSON_OBJECT, &root);
    err_ignore(e, "a proxy's page: its status says enough");
    const json_t *details = json_object_get(root, "details");
    copy_text(root, "reason", sizeof(ret->reason), ret->reason);
    copy_text(root, "message", sizeof(ret->message), ret->message);
    copy_text(details, "kind", sizeof(ret->kind), ret->kind);
    ret->is_owned = status == STATUS_CONFLICT && has_cause(details, "FieldManagerConflict");
}

/* --- again? --- */

bool kube_reply_may_repeat(const struct kube_reply *r, unsigned tries, struct dur *ret_wait)
{
    bool is_race = r->status == STATUS_CONFLICT && !r->is_owned;
    bool is_passing =
        is_race || r->status == STATUS_GONE || r->status == STATUS_BUSY || r->status >= 500;
    /* The token was read a moment before the kubelet replaced it: once. */
    bool is_late = r->status == STATUS_UNAUTHORIZED && tries == 1;
    if (!(is_passing || is_late) || tries >= KUBE_REPLY_TRIES)
        return false;
    *ret_wait = r->retry_after.ns > 0 ? r->retry_after : dur_ms(250LL << (2 * (tries - 1)));
    return true;
}

/* --- what it means --- */

static enum err_code code_of(const struct kube_reply *r)
{
    switch (r->status) {
    case STATUS_UNAUTHORIZED:
    case STATUS_FORBIDDEN:
        return ERR_DENIED;
    case STATUS_NOT_FOUND:
        return ERR_NOT_FOUND;
    case STATUS_CONFLICT:
        return r->is_owned ? ERR_REJECTED : ERR_BUSY;
    case STATUS_GONE:
    case STATUS_BUSY:
        return ERR_BUSY;
    case STATUS_UNSUPPORTED:
        return ERR_UNIMPLEMENTED;
    default:
        break;
    }
    if (r->status >= 500)
        return ERR_UNAVAILABLE;
    return r->status >= 400 ? ERR_REJECTED : ERR_PROTOCOL;
}

static struct err *advise(const struct kube_reply *r, const struct kube_asked *a, struct err *e)
{
    switch (r->status) {
    case STATUS_UNAUTHORIZED:
        return err_set_hint(e,
                            "The service account's token (%s) is not taken: the API server wants "
                            "the one for its own audience, which pods get by default, and not one "
                            "made for a join.",
                            a->token);
    case STATUS_FORBIDDEN:
        return err_set_hint(e,
                            "Bind the service account to a Role of namespace '%s' with the rule "
                            "{apiGroups: [\"\"], resources: [secrets], resourceNames: [%s], verbs: "
                            "[get, create, patch]}.",
                            a->name_space, a->name);
    case STATUS_NOT_FOUND:
        return strcmp(r->kind, "secrets") == 0
                   ? e
                   : err_set_hint(e, "Make the namespace '%s', or correct 'namespace'.",
                                  a->name_space);
    case STATUS_CONFLICT:
        return r->is_owned
                   ? err_set_hint(e, "Somebody else keeps these fields of the secret, and they are "
                                     "not taken from them: give the output a 'name' of its own, or "
                                     "delete the secret, and it is made anew.")
                   : e;
    case STATUS_INVALID:
        return err_set_hint(e,
                            "If there is a secret of another type than Opaque by this name, or an "
                            "immutable one, choose another 'name', or delete it.");
    case STATUS_UNSUPPORTED:
        return err_set_hint(e, "Kubernetes has server-side apply from version 1.22.");
    default:
        return e;
    }
}

struct err *kube_reply_error(const struct kube_reply *r, const struct kube_asked *asked)
{
    const char *said = *r->message ? r->message : *r->reason ? r->reason : "no reason is given";
    struct err *e = err_new(code_of(r), "%s of secret '%s/%s': the API server answers %u: %s",
                            asked->verb, asked->name_space, asked->name, r->status, said);
    return advise(r, asked, e);
}
