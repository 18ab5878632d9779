/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/sshcert.h"

#include "identity/pki/sshwire.h"

#include <string.h>

static const struct cert_type {
    const char *name;
    const char *key_type;
} types[] = {
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa"},
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521"},
};

static const struct cert_type *find_type(struct bytes name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (sshwire_bytes_are(name, types[i].name))
            return &types[i];
    }
    return NULL;
}

/* Text that C code may handle: a NUL byte would make two readers see two different names. */
static RESULT check_text(struct bytes s)
{
    if (s.len > 0 && memchr(s.data, '\0', s.len))
        return err_new(ERR_CRYPTO, "a NUL byte in a text");
    return NULL;
}

static RESULT get_text(struct bytes *in, struct strlist *out)
{
    struct bytes s = {0};
    TRY(sshwire_get_string(in, &s));
    TRY(check_text(s));
    return strlist_add_n(out, s.data, s.len);
}

static RESULT read_type_and_key(struct bytes *in, struct sshcert *c)
{
    struct bytes name = {0}, field = {0};
    TRY(sshwire_get_string(in, &name));
    const struct cert_type *type = find_type(name);
    if (!type)
        return err_new(ERR_CRYPTO, "'%.*s' is not a type of certificate that is supported",
                       (int)(name.len < 64 ? name.len : 64), (const char *)name.data);
    TRY_CTX(sshwire_get_string(in, &field), "nonce");
    const uint8_t *begin = in->data;
    for (unsigned i = sshwire_key_fields(bytes_of_str(type->key_type)); i > 0; i--)
        TRY_CTX(sshwire_get_string(in, &field), "public key");
    c->type = type->name;
    c->key_type = type->key_type;
    c->key = (struct bytes){begin, (size_t)(in->data - begin)};
    return NULL;
}

static RESULT read_kind(struct bytes *in, enum sshcert_kind *ret)
{
    uint32_t kind = 0;
    TRY(sshwire_get_u32(in, &kind));
    if (kind != SSHCERT_USER && kind != SSHCERT_HOST)
        return err_new(ERR_CRYPTO, "'%u' is neither a user nor a host certificate", kind);
    *ret = (enum sshcert_kind)kind;
    return NULL;
}

static RESULT read_key_id(struct bytes *in, char **ret)
{
    struct bytes s = {0};
    TRY(sshwire_get_string(in, &s));
    TRY(check_text(s));
    char *id = strndup((const char *)s.data, s.len);
    if (!id)
        return err_nomem();
    *ret = id;
    return NULL;
}

static RESULT read_principals(struct bytes *in, struct strlist *out)
{
    struct bytes list = {0};
    TRY(sshwire_get_string(in, &list));
    while (list.len > 0) {
        if (out->len >= SSHCERT_PRINCIPALS_MAX)
            return err_new(ERR_CRYPTO, "more than %d", SSHCERT_PRINCIPALS_MAX);
        TRY(get_text(&list, out));
    }
    return NULL;
}

static struct wall wall_of_ssh_time(uint64_t s)
{
    return s > INT64_MAX ? WALL_NEVER : wall_of_unix((int64_t)s);
}

static RESULT read_validity(struct bytes *in, struct sshcert *c)
{
    uint64_t after = 0, before = 0;
    TRY(sshwire_get_u64(in, &after));
    TRY(sshwire_get_u64(in, &before));
    c->valid_after = wall_of_ssh_time(after);
    c->valid_before = wall_of_ssh_time(before);
    return NULL;
}

/* An option's data is nothing, for a flag, or one string that fills it. */
static RESULT read_option(struct bytes *in, struct sshcert_options *out)
{
    struct bytes data = {0};
    TRY(get_text(in, &out->names));
    TRY(sshwire_get_string(in, &data));
    if (data.len == 0)
        return strlist_add(&out->values, "");
    TRY(get_text(&data, &out->values));
    if (data.len > 0)
        return err_new(ERR_CRYPTO, "bytes behind the value of '%s'",
                       out->names.items[out->names.len - 1]);
    return NULL;
}

static RESULT read_options(struct bytes *in, struct sshcert_options *out)
{
    struct bytes list = {0};
    TRY(sshwire_get_string(in, &list));
    while (list.len > 0) {
        size_t n = out->names.len;
        if (n >= SSHCERT_OPTIONS_MAX)
            return err_new(ERR_CRYPTO, "more than %d", SSHCERT_OPTIONS_MAX);
        TRY(read_option(&list, out));
        /* The format wants them sorted; so none can appear twice. */
        if (n > 0 && strcmp(out->names.items[n - 1], out->names.items[n]) >= 0)
            return err_new(ERR_CRYPTO, "'%s' is out of order", out->names.items[n]);
    }
    return NULL;
}

static RESULT read_signature(struct bytes *in, struct sshcert *c)
{
    struct bytes reserved = {0}, signature = {0}, piece = {0};
    TRY_CTX(sshwire_get_string(in, &reserved), "reserved field");
    TRY_CTX(sshwire_get_string(in, &c->ca_key), "signature key");
    struct bytes ca = c->ca_key;
    TRY_CTX(sshwire_get_string(&ca, &piece), "signature key");
    TRY_CTX(sshwire_get_string(in, &signature), "signature");
    TRY_CTX(sshwire_get_string(&signature, &piece), "signature's algorithm");
    TRY_CTX(sshwire_get_string(&signature, &piece), "signature");
    if (in->len > 0)
        return err_new(ERR_CRYPTO, "%zu bytes behind the signature", in->len);
    return NULL;
}

static RESULT read_all(struct sshcert *c)
{
    struct bytes in = buf_bytes(&c->blob);
    TRY(read_type_and_key(&in, c));
    TRY_CTX(sshwire_get_u64(&in, &c->serial), "serial number");
    TRY_CTX(read_kind(&in, &c->kind), "type");
    TRY_CTX(read_key_id(&in, &c->key_id), "key id");
    TRY_CTX(read_principals(&in, &c->principals), "principals");
    TRY_CTX(read_validity(&in, c), "validity");
    TRY_CTX(read_options(&in, &c->critical), "critical options");
    TRY_CTX(read_options(&in, &c->extensions), "extensions");
    return read_signature(&in, c);
}

static struct sshcert *sshcert_new(void)
{
    struct sshcert *c = calloc(1, sizeof(*c));
    if (c)
        c->blob = BUF_INIT(SSHWIRE_LINE_MAX);
    return c;
}

RESULT sshcert_from_blob(struct bytes blob, struct sshcert **ret)
{
    CLEANUP(sshcert_freep) struct sshcert *c = sshcert_new();
    if (!c)
        return err_nomem();
    struct err *e = buf_add(&c->blob, blob.data, blob.len);
    if (e)
        return err_wrap_as(ERR_CRYPTO, e, "SSH certificate");
    TRY_CTX(read_all(c), "SSH certificate");
    *ret = TAKE(c);
    return NULL;
}

RESULT sshcert_from_line(struct bytes line, struct sshcert **ret)
{
    CLEANUP(sshcert_freep) struct sshcert *c = sshcert_new();
    if (!c)
        return err_nomem();
    struct bytes type = {0};
    TRY_CTX(sshwire_parse_line(line, &c->blob, &type), "SSH certificate");
    TRY_CTX(read_all(c), "SSH certificate");
    *ret = TAKE(c);
    return NULL;
}

static void options_release(struct sshcert_options *o)
{
    strlist_release(&o->names);
    strlist_release(&o->values);
}

void sshcert_free(struct sshcert *c)
{
    if (!c)
        return;
    buf_release(&c->blob);
    free(c->key_id);
    strlist_release(&c->principals);
    options_release(&c->critical);
    options_release(&c->extensions);
    free(c);
}

RESULT sshcert_public_blob(const struct sshcert *c, struct buf *out)
{
    TRY(sshwire_put_string(out, bytes_of_str(c->key_type)));
    return buf_add(out, c->key.data, c->key.len);
}

const char *sshcert_option(const struct sshcert_options *options, const char *name)
{
    for (size_t i = 0; i < options->names.len; i++) {
        if (strcmp(options->names.items[i], name) == 0)
            return options->values.items[i];
    }
    return NULL;
}
