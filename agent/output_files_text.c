/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files_text.h"

#include "base/encode.h"
#include "identity/pki/sshwire.h"

#include <arpa/inet.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME LETTERS DIGITS "-_."
#define MAX_KEY 32768 /* readers of `identity` give up at lines of 64 KiB */

static bool consists_of(struct bytes text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text.data[i] || !strchr(allowed, text.data[i]))
            return false;
    }
    return text.len > 0;
}

/* A name as it may stand in a pattern or a file name: no wildcard, no list, no hidden file. */
static bool is_name(struct bytes text, size_t max)
{
    return text.len <= max && consists_of(text, NAME) && strchr(LETTERS DIGITS, text.data[0]);
}

RESULT output_text_check_cluster(const char *name)
{
    /* The bad name itself stays out of the message: it was made to upset whoever prints it. */
    if (!is_name(bytes_of_str(name), OUTPUT_MAX_CLUSTER_NAME))
        return err_new(ERR_PROTOCOL,
                       "the cluster names a cluster with characters that no cluster name has");
    return NULL;
}

static bool is_ipv6(const char *text)
{
    struct in6_addr ignored;

    return inet_pton(AF_INET6, text, &ignored) == 1;
}

static bool is_port(const char *text)
{
    struct bytes digits = bytes_of_str(text);

    return digits.len <= 5 && consists_of(digits, DIGITS) && strtoul(text, NULL, 10) >= 1 &&
           strtoul(text, NULL, 10) <= 65535;
}

RESULT output_text_proxy_host(const char *address, struct buf *ret_host)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    bool in_brackets = len > 2 && address[0] == '[' && address[len - 1] == ']';
    CLEANUP(freep) char *host = in_brackets ? strndup(address + 1, len - 2) : strndup(address, len);

    if (!host)
        return err_nomem();
    bool is_host = in_brackets ? is_ipv6(host) : is_name(bytes_of_str(host), OUTPUT_MAX_HOST_NAME);
    if (!colon || !is_host || !is_port(colon + 1))
        return err_new(ERR_PROTOCOL, "the cluster's proxy address is not of the form host:port");
    return buf_add_str(ret_host, host);
}

RESULT output_text_add_key(struct buf *out, const char *line)
{
    CLEANUP(buf_release) struct buf blob = BUF_INIT(MAX_KEY);
    struct bytes type = {0};

    TRY(sshwire_check_key_line(bytes_of_str(line)));
    TRY(sshwire_parse_line(bytes_of_str(line), &blob, &type));
    if (!consists_of(type, NAME "@"))
        return err_new(ERR_PROTOCOL, "a CA's SSH key is of a kind that cannot be written");
    TRY(buf_add(out, type.data, type.len));
    TRY(buf_add_u8(out, ' '));
    return base64_encode(buf_bytes(&blob), out);
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    }
    return false;
}

/* ssh replaces %x in these values; %% is a plain one. */
static RESULT add_percent_doubled(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '%')
            TRY(buf_add_u8(out, '%'));
        TRY(buf_add_u8(out, (uint8_t)*text));
    }
    return NULL;
}

RESULT output_text_add_ssh_path(struct buf *out, const char *dir, const char *name)
{
    /* No way to write these is understood by every OpenSSH: '"' ends the value, '\' escapes in
     * some versions, "${" is the environment. */
    if (has_control(dir) || strpbrk(dir, "\"\\") || strstr(dir, "${"))
        return err_set_hint(err_new(ERR_CONFIG, "ssh cannot be given the path '%s'", dir),
                            "Choose a directory without quotes, backslashes and '${' in its "
                            "name, or set 'ssh_config: off'.");
    TRY(buf_add_u8(out, '"'));
    TRY(add_percent_doubled(out, dir));
    TRY(buf_add_str(out, dir[strlen(dir) - 1] == '/' ? "" : "/"));
    TRY(add_percent_doubled(out, name));
    return buf_add_u8(out, '"');
}

RESULT output_text_add_proxy_word(struct buf *out, const char *word)
{
    if (has_control(word))
        return err_new(ERR_CONFIG, "a control character cannot be part of ssh's ProxyCommand");
    TRY(buf_add_u8(out, '\''));
    for (; *word; word++) {
        /* Between single quotes the shell knows no escape: leave them, quote one, enter again. */
        if (*word == '\'')
            TRY(buf_add_str(out, "'\\''"));
        else if (*word == '%')
            TRY(buf_add_str(out, "%%"));
        else
            TRY(buf_add_u8(out, (uint8_t)*word));
    }
    return buf_add_u8(out, '\'');
}
