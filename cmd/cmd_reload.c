/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"
#include "cmd/reload_reply.h"

#define TIMEOUT_S 60

static const struct command_help help = {
    .usage = "tbot reload [--timeout TIME] [options]",
    .about =
        "Makes the running agent read its configuration again, as SIGHUP does: the file, with the\n"
        "options it was started with. It is tested whole and then changed over to: services that\n"
        "are new, changed or gone, without touching the others. A mistake anywhere in it changes\n"
        "nothing; so does a key that only a start can change, which is named.\n\n"
        "Waits for the end, and prints what has changed or every reason why nothing has. Over the\n"
        "network the agent wants a token with the right to change.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot test -c /etc/tbot.yaml && tbot reload -c /etc/tbot.yaml\n"
                "  tbot reload --json | jq .changed\n",
};

struct values {
    unsigned json;
    struct dur timeout;
};

static const struct opt opts[] = {
    {"json", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "the agent's JSON document instead of lines", .offset = offsetof(struct values, json)},
    {"timeout", .kind = OPT_DURATION, .arg = "TIME", .help = "how long to wait for its end, 1m",
     .offset = offsetof(struct values, timeout)},
};

static void put_document(struct bytes body)
{
    fwrite(body.data, 1, body.len, stdout);
}

static RESULT tell(struct diag_client *client, const struct http_reply *reply,
                   const struct values *v)
{
    struct bytes body = buf_bytes(&reply->body);
    bool has_outcome = reply->status == 200 || reply->status == 422;
    if (has_outcome && v->json)
        put_document(body);
    if (reply->status == 200)
        return v->json ? NULL : reload_reply_print(body, stdout);
    if (reply->status == 422)
        return reload_reply_error(body);
    if (reply->status == 202)
        return err_set_hint(err_new(ERR_TIMEOUT, "the agent reads its configuration again, and has "
                                                 "no place for one more who waits for the end"),
                            "'tbot status' tells how it went.");
    return diag_client_unexpected(client, reply);
}

static RESULT reload(const struct diag_options *o, const struct values *v)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct diag_question q = {.method = "POST",
                                    .path = "/reload",
                                    .body = "",
                                    .limit = v->timeout.ns ? v->timeout : dur_s(TIMEOUT_S)};
    TRY(diag_client_init(&client, o));
    TRY(diag_client_ask(&client, &q, &reply));
    return tell(&client, &reply, v);
}

int cmd_reload(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help, .own = {"Reload", opts, sizeof(opts) / sizeof(*opts), &values}};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(reload(&o, &values));
}
