/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_FAULTS_H
#define TBOT_AUTHORITY_FAULTS_H

/*
 * Faults on command: what is to go wrong, for which method, how often.
 *
 *     refuse [count N]                  nobody there: connections are refused, live ones are cut
 *     hang [method M] [count N]         the connection, or the call of M, is never answered
 *     slow MS [method M] [count N]      the reply comes that much later
 *     cut-mid-reply [method M] […]      the request is carried out, then the connection breaks
 *     wrong-certificate [count N]       the server shows a certificate of a foreign CA; live
 *                                       connections are cut
 *     wrong-message [method M] […]      the reply is garbage
 *     error CODE TEXT [method M] […]    the call ends with this gRPC status; nothing is carried out
 *     expire [count N]                  certificates are issued that have expired
 *     clock-skew SECONDS                the authority's calendar is off by that
 *     ttl SECONDS                       certificates live no longer than that
 *
 * Without `method` every call is meant, without `count` every time until it is cleared. M is a
 * path, or the last part of one: GenerateUserCerts, find. As that method does two things, M may also be
 * "renewal" (of the bot's own identity) or "output". The words may be quoted.
 *
 * Threads: whoever owns the struct guards it. Zero-initialised is empty.
 */

#include "base/strlist.h"

#include <stdint.h>

enum fault_kind {
    FAULT_REFUSE,
    FAULT_HANG,
    FAULT_SLOW,
    FAULT_CUT,
    FAULT_WRONG_CERTIFICATE,
    FAULT_WRONG_MESSAGE,
    FAULT_ERROR,
    FAULT_EXPIRE,
    FAULT_CLOCK_SKEW,
    FAULT_TTL,
    FAULT_KIND_COUNT,
};

#define FAULTS_MAX 64
#define FAULTS_MAX_TEXT 256
#define FAULTS_MAX_METHOD 128

struct fault {
    enum fault_kind kind;
    int64_t number; /* milliseconds, seconds or a gRPC status, as the kind has it */
    char text[FAULTS_MAX_TEXT];
    char method[FAULTS_MAX_METHOD]; /* "": any */
    int64_t count;                  /* times left; 0: until cleared */
};

struct faults {
    struct fault items[FAULTS_MAX]; /* the first that matches counts */
    size_t len;
};

/* "cut-mid-reply". */
const char *fault_kind_name(enum fault_kind kind);
bool fault_kind_parse(const char *name, enum fault_kind *ret);

/* Takes a command's words. ERR_USAGE says what is wrong. */
RESULT fault_parse(const struct strlist *words, struct fault *ret);

/* ERR_REJECTED when there are too many. */
RESULT faults_add(struct faults *f, const struct fault *fault);

/* Forgets all faults, or those of one kind. */
void faults_clear(struct faults *f);
void faults_clear_kind(struct faults *f, enum fault_kind kind);

/*
 * Whether a fault of the kind applies to `method` (NULL: to a connection, which only faults without
 * a method do). It counts as having happened. `ret` may be NULL.
 */
bool faults_take(struct faults *f, enum fault_kind kind, const char *method, struct fault *ret);

/* The same without counting. */
const struct fault *faults_find(const struct faults *f, enum fault_kind kind, const char *method);

/* Whether `wanted` names `path`, "/a.B/C" or "/a.B/C#variant": that without the variant, C, or the variant. */
bool fault_method_matches(const char *wanted, const char *path);

/* Splits a line into words at blanks; "…" keeps blanks, \ takes the next character. ERR_USAGE. */
RESULT faults_split_line(const char *line, struct strlist *out);

#endif
