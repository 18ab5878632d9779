/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_journal.h"

#include "identity/pki/bundle.h"
#include "identity/store_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LINE "tbot renewal journal 1\n"
#define SUM_WORD "sha256 "
#define SUM_LINE_LEN (sizeof(SUM_WORD) - 1 + SHA256_HEX_SIZE - 1 + 1)
#define NUMBER_SIZE 24
#define RECORD_LINE_SIZE 48

/* The records, in their order in the file. */
enum record {
    STATE, /* "open" or "committed" */
    GENERATION,
    STARTED, /* nanoseconds since 1970 */
    BASE,
    TOKENHASH,
    KEY,
    TLS_CERT,
    SSH_CERT,
    TLS_CAS,
    SSH_CAS,
    RECORDS,
};

static const char *const names[RECORDS] = {
    [STATE] = "state",       [GENERATION] = "generation", [STARTED] = "started",
    [BASE] = "base",         [TOKENHASH] = "tokenhash",   [KEY] = "key",
    [TLS_CERT] = "tls-cert", [SSH_CERT] = "ssh-cert",     [TLS_CAS] = "tls-cas",
    [SSH_CAS] = "ssh-cas",
};

static RESULT append_record(struct secret *out, const char *name, struct bytes content)
{
    char line[RECORD_LINE_SIZE];
    int len = snprintf(line, sizeof(line), "%s %zu\n", name, content.len);
    TRY(secret_append(out, line, (size_t)len));
    TRY(secret_append(out, content.data, content.len));
    return secret_append(out, "\n", 1);
}

static RESULT append_sum(struct secret *out)
{
    char sum[SHA256_HEX_SIZE];
    TRY(sha256_hex(secret_bytes(out), sum));
    TRY(secret_append(out, SUM_WORD, strlen(SUM_WORD)));
    TRY(secret_append(out, sum, strlen(sum)));
    return secret_append(out, "\n", 1);
}

static RESULT assemble(const struct bytes contents[RECORDS], struct secret **ret)
{
    size_t size = sizeof(FIRST_LINE) + SUM_LINE_LEN;
    for (int i = 0; i < RECORDS; i++)
        size += RECORD_LINE_SIZE + contents[i].len;
    if (size > STORE_JOURNAL_MAX)
        return err_new(ERR_STORAGE, "the identity has %zu bytes, too many to store", size);
    CLEANUP(secret_freep) struct secret *out = NULL;
    TRY(secret_with_room(size, &out));
    TRY(secret_append(out, FIRST_LINE, strlen(FIRST_LINE)));
    for (int i = 0; i < RECORDS; i++)
        TRY(append_record(out, names[i], contents[i]));
    TRY(append_sum(out));
    *ret = TAKE(out);
    return NULL;
}

RESULT store_journal_encode(const struct store_journal *j, struct secret **ret)
{
    const struct key *key = j->creds ? credentials_key(j->creds) : j->key;
    CLEANUP(secret_freep) struct secret *key_pem = NULL;
    CLEANUP(buf_release) struct buf tls_cas = BUF_INIT(STORE_FILE_MAX);
    CLEANUP(buf_release) struct buf ssh_cas = BUF_INIT(STORE_FILE_MAX);
    char generation[NUMBER_SIZE], started[NUMBER_SIZE];
    snprintf(generation, sizeof(generation), "%" PRId64, j->generation);
    snprintf(started, sizeof(started), "%" PRId64, j->started.ns);
    struct bytes contents[RECORDS] = {
        [STATE] = bytes_of_str(j->creds ? "committed" : "open"),
        [GENERATION] = bytes_of_str(generation),
        [STARTED] = bytes_of_str(started),
        [BASE] = bytes_of_str(j->base),
        [TOKENHASH] = bytes_of_str(j->tokenhash),
    };
    if (key) {
        TRY(key_to_pem(key, &key_pem));
        contents[KEY] = secret_bytes(key_pem);
    }
    if (j->creds) {
        TRY(bundle_join_items(credentials_tls_cas(j->creds), &tls_cas));
        TRY(bundle_join_items(credentials_ssh_cas(j->creds), &ssh_cas));
        contents[TLS_CERT] = bytes_of_str(credentials_tls_pem(j->creds));
        contents[SSH_CERT] = bytes_of_str(credentials_ssh_line(j->creds));
        contents[TLS_CAS] = buf_bytes(&tls_cas);
        contents[SSH_CAS] = buf_bytes(&ssh_cas);
    }
    return assemble(contents, ret);
}

static struct err *malformed(const char *what)
{
    return err_new(ERR_STORAGE, "the renewal journal is cut or damaged (%s)", what);
}

/* Takes the sum off the end of *text and checks it. */
static RESULT take_sum(struct bytes *text)
{
    if (text->len < SUM_LINE_LEN)
        return malformed("too short");
    struct bytes body = {text->data, text->len - SUM_LINE_LEN};
    char sum[SHA256_HEX_SIZE], line[SUM_LINE_LEN + 1];
    TRY(sha256_hex(body, sum));
    snprintf(line, sizeof(line), SUM_WORD "%s\n", sum);
    if (memcmp(body.data + body.len, line, SUM_LINE_LEN) != 0)
        return malformed("its sum does not match");
    *text = body;
    return NULL;
}

static bool take_prefix(struct bytes *in, const char *prefix)
{
    size_t len = strlen(prefix);
    if (in->len < len || memcmp(in->data, prefix, len) != 0)
        return false;
    *in = (struct bytes){in->data + len, in->len - len};
    return true;
}

static RESULT take_length(struct bytes *in, size_t *ret)
{
    size_t len = 0, digits = 0;
    while (digits < in->len && in->data[digits] >= '0' && in->data[digits] <= '9') {
        len = len * 10 + (size_t)(in->data[digits++] - '0');
        if (len > STORE_JOURNAL_MAX)
            return malformed("a length");
    }
    *in = (struct bytes){in->data + digits, in->len - digits};
    if (digits == 0 || !take_prefix(in, "\n"))
        return malformed("a length");
    *ret = len;
    return NULL;
}

static RESULT take_record(struct bytes *in, const char *name, struct bytes *ret)
{
    size_t len = 0;
    if (!take_prefix(in, name) || !take_prefix(in, " "))
        return malformed(name);
    TRY(take_length(in, &len));
    if (len > in->len)
        return malformed(name);
    struct bytes content = {in->data, len};
    *in = (struct bytes){in->data + len, in->len - len};
    if (!take_prefix(in, "\n"))
        return malformed(name);
    *ret = content;
    return NULL;
}

static RESULT parse_number(struct bytes content, const char *name, int64_t *ret)
{
    char text[NUMBER_SIZE] = "", *end = NULL;
    if (content.len == 0 || content.len >= sizeof(text))
        return malformed(name);
    memcpy(text, content.data, content.len);
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end != text + content.len || errno)
        return malformed(name);
    *ret = number;
    return NULL;
}

/* A SHA-256 in hex, or nothing. */
static RESULT parse_hash(struct bytes content, const char *name, char ret[SHA256_HEX_SIZE])
{
    char text[SHA256_HEX_SIZE] = "";
    if (content.len >= sizeof(text))
        return malformed(name);
    memcpy(text, content.data, content.len);
    if (strlen(text) != content.len || !store_files_is_hash(text))
        return malformed(name);
    memcpy(ret, text, sizeof(text));
    return NULL;
}

static RESULT parse_credentials(const struct bytes contents[RECORDS], struct store_journal *j)
{
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    TRY(bundle_split_items(contents[TLS_CAS], &tls_cas));
    TRY(bundle_split_items(contents[SSH_CAS], &ssh_cas));
    struct credentials_parts parts = {
        .key = j->key,
        .tls_cert = contents[TLS_CERT],
        .ssh_cert = contents[SSH_CERT],
        .tls_cas = &tls_cas,
        .ssh_cas = &ssh_cas,
    };
    return credentials_new(&parts, &j->creds);
}

static RESULT parse_contents(const struct bytes contents[RECORDS], struct store_journal *j)
{
    TRY(parse_number(contents[GENERATION], names[GENERATION], &j->generation));
    TRY(parse_number(contents[STARTED], names[STARTED], &j->started.ns));
    TRY(parse_hash(contents[BASE], names[BASE], j->base));
    TRY(parse_hash(contents[TOKENHASH], names[TOKENHASH], j->tokenhash));
    if (contents[KEY].len > 0)
        TRY_CTX(key_from_pem(contents[KEY], &j->key), "renewal journal");
    struct bytes state = contents[STATE];
    if (take_prefix(&state, "open") && state.len == 0)
        return NULL;
    if (!take_prefix(&state, "committed") || state.len > 0 || !j->key)
        return malformed(names[STATE]);
    TRY_CTX(parse_credentials(contents, j), "renewal journal");
    return NULL;
}

RESULT store_journal_decode(struct bytes text, struct store_journal *ret)
{
    struct bytes contents[RECORDS] = {0};
    TRY(take_sum(&text));
    if (!take_prefix(&text, FIRST_LINE))
        return malformed("its first line");
    for (int i = 0; i < RECORDS; i++)
        TRY(take_record(&text, names[i], &contents[i]));
    if (text.len > 0)
        return malformed("bytes behind its end");
    CLEANUP(store_journal_release) struct store_journal j = {0};
    TRY(parse_contents(contents, &j));
    *ret = j;
    j = (struct store_journal){0};
    return NULL;
}

void store_journal_release(struct store_journal *j)
{
    key_free(j->key);
    credentials_free(j->creds);
    *j = (struct store_journal){0};
}
