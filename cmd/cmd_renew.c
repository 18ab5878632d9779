/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"
#include "cmd/reply_text.h"

#include <stdio.h>

#define LIMIT_S 10

static const struct command_help help = {
    .usage = "tbot renew [options]",
    .about =
        "Makes the running agent renew everything now, as SIGUSR1 does: its identity first, then\n"
        "every service. It does not wait for the end: 'tbot wait' and 'tbot status' tell of it.\n\n"
        "Over the network the agent wants a token with the right to change.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot renew -c /etc/tbot.yaml\n"
                "  tbot renew && tbot status --watch\n",
};

static RESULT renew(const struct diag_options *o)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct diag_question q = {
        .method = "POST", .path = "/renew", .body = "", .limit = dur_s(LIMIT_S)};
    TRY(diag_client_init(&client, o));
    TRY(diag_client_ask(&client, &q, &reply));
    if (reply.status != 202)
        return diag_client_unexpected(&client, &reply);
    CLEANUP(freep) char *status = reply_text(buf_bytes(&reply.body), "status");
    puts(status ? status : "everything is being renewed");
    return NULL;
}

int cmd_renew(struct globals *globals, int argc, char **argv)
{
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {.help = &help};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(renew(&o));
}
