/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define CMDLINE_MAX ((size_t)128 * 1024)
#define MASK "***"

/* Names of files and ways are no secrets: --registration-secret-path, --token-file. */
static bool names_a_place(const char *name, size_t len)
{
    static const char *const places[] = {"-path", "-file", "-dir"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t n = strlen(places[i]);
        if (len > n && strncmp(name + len - n, places[i], n) == 0)
            return true;
    }
    return false;
}

static bool names_a_secret(const char *name, size_t len)
{
    static const char *const words[] = {"token", "secret", "password", "join-uri", "auth-key"};

    if (names_a_place(name, len))
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (memmem(name, len, words[i], strlen(words[i])))
            return true;
    }
    return false;
}

/* A text with what stands between "://" and the last "@" masked. */
static struct err *add_without_userinfo(const char *text, struct buf *out)
{
    const char *scheme = strstr(text, "://");
    if (!scheme)
        return buf_add_str(out, text);
    const char *host = scheme + 3;
    const char *at = strrchr(host, '@');
    if (!at)
        return buf_add_str(out, text);
    TRY(buf_add(out, text, (size_t)(host - text)));
    TRY(buf_add_str(out, MASK));
    return buf_add_str(out, at);
}

/* One word; *is_value: it is the value of a secret, and then: the next word is. */
static struct err *add_word(const char *word, bool *is_value, struct buf *out)
{
    if (*is_value) {
        *is_value = false;
        return buf_add_str(out, *word ? MASK : "");
    }
    size_t dashes = strspn(word, "-");
    size_t name = strcspn(word + dashes, "=");
    if (dashes == 0 || !names_a_secret(word + dashes, name))
        return add_without_userinfo(word, out);
    if (word[dashes + name] != '=') {
        *is_value = true;
        return buf_add_str(out, word);
    }
    TRY(buf_add(out, word, dashes + name + 1));
    return buf_add_str(out, MASK);
}

RESULT cmdline_mask(struct bytes words, struct buf *out)
{
    bool is_value = false;

    while (words.len) {
        size_t len = strnlen((const char *)words.data, words.len);
        CLEANUP(freep) char *word = strndup((const char *)words.data, len);
        if (!word)
            return err_nomem();
        TRY(add_word(word, &is_value, out));
        TRY(buf_add_u8(out, '\0'));
        size_t taken = len < words.len ? len + 1 : len;
        words.data += taken;
        words.len -= taken;
    }
    return NULL;
}

RESULT cmdline_read(struct buf *out)
{
    CLEANUP(buf_release) struct buf words = BUF_INIT(CMDLINE_MAX);
    CLEANUP(closep) int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(ERR_UNAVAILABLE, errno, "open '/proc/self/cmdline'");
    for (ssize_t n = 1; n > 0;) {
        uint8_t *at = NULL;
        TRY(buf_reserve(&words, 4096, &at));
        n = read(fd, at, 4096);
        if (n > 0)
            buf_commit(&words, (size_t)n);
    }
    return cmdline_mask(buf_bytes(&words), out);
}
