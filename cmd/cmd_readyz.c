/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"
#include "cmd/diag_goal.h"

#define LIMIT_S 10
#define PAGE_MAX 1024

static const struct command_help help = {
    .usage = "tbot readyz [SERVICE] [options]",
    .about =
        "Asks the running agent whether it is ready: in touch with the cluster and up to date. "
        "With\n"
        "a service's name it asks for that one alone. '--for serving' asks whether consumers can "
        "be\n"
        "served valid credentials, which goes on through an outage until the first one expires.\n\n"
        "It is for probes in containers that have no HTTP client; to wait for it, see 'tbot "
        "wait'.\n"
        "\n" DIAG_EXIT_HELP,
    .examples = "  tbot readyz -c /etc/tbot.yaml\n"
                "  tbot readyz --for serving\n"
                "  tbot readyz identity-1 --json\n",
};

struct values {
    const char *what;
    unsigned json;
};

static const struct opt opts[] = {
    {"for", .kind = OPT_TEXT, .arg = "WHAT", .choices = diag_goal_choices,
     .help = "what to ask for:", .offset = offsetof(struct values, what)},
    {"json", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "the agent's JSON document instead of a sentence",
     .offset = offsetof(struct values, json)},
};

/* ERR_USAGE for a service there is not: it is known before anything runs. */
static RESULT judge(const struct diag_client *client, const struct diag_goal *goal,
                    const struct http_reply *reply)
{
    if (reply->status == 404 && goal->service)
        return err_set_hint(err_new(ERR_USAGE, "the agent has no service '%s'", goal->service),
                            "'tbot status' lists those it has.");
    bool is_answer = reply->status == 200 || reply->status == 400 || reply->status == 503;
    return is_answer ? NULL : diag_client_unexpected(client, reply);
}

static RESULT readyz(const struct diag_options *o, const struct values *v, bool *ret_reached)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    CLEANUP(buf_release) struct buf path = BUF_INIT(PAGE_MAX);
    const struct diag_goal goal = {o->n_operands > 0 ? o->operands[0] : NULL, v->what};
    TRY(diag_client_init(&client, o));
    TRY(diag_goal_page(&goal, &path));
    const struct diag_question q = {
        .method = "GET", .path = buf_str(&path), .limit = dur_s(LIMIT_S)};
    TRY(diag_client_ask(&client, &q, &reply));
    TRY(judge(&client, &goal, &reply));
    *ret_reached = reply.status == 200;
    if (v->json)
        fputs(buf_str(&reply.body), stdout);
    else
        diag_goal_print(&goal, *ret_reached, buf_bytes(&reply.body), stdout);
    return NULL;
}

int cmd_readyz(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help,
        .own = {"Readiness", opts, sizeof(opts) / sizeof(*opts), &values},
        .max_operands = 1};
    bool is_reached = false;
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    struct err *e = readyz(&o, &values, &is_reached);
    if (e)
        return diag_options_fail(e);
    return is_reached ? DIAG_EXIT_OK : DIAG_EXIT_NOT_READY;
}
