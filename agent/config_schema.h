/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_SCHEMA_H
#define TBOT_AGENT_CONFIG_SCHEMA_H

/*
 * The whole `version: v2` schema as tables: what may be written, and what of it is built.
 *
 * This is the only place that says what is built: the reader refuses by name what is marked
 * CONFIG_NOT_BUILT, `tbot help config` prints these tables, and a test holds the manual page
 * against them. To build something new, take its mark away and say where its value goes
 * (CONFIG_KEEP).
 */

#include "agent/config.h"

enum config_kind {
    CONFIG_TEXT,        /* char *                        */
    CONFIG_BOOL,        /* bool; true/false, yes/no, on/off */
    CONFIG_ON_OFF,      /* bool; on/off only, quoted or not */
    CONFIG_INTEGER,     /* int64_t                       */
    CONFIG_DURATION,    /* struct dur                    */
    CONFIG_CHOICE,      /* unsigned: index in `choices`  */
    CONFIG_TEXTS,       /* struct strlist                */
    CONFIG_LABELS,      /* a map of free names to text; where it is only checked also to lists */
    CONFIG_SECTION,     /* a map described by `section`  */
    CONFIG_SECTIONS,    /* a list of such maps; only checked */
    CONFIG_DESTINATION, /* struct config_destination     */
    CONFIG_READERS,     /* struct config_destination: its readers */
    CONFIG_TOKEN,       /* struct config_onboarding: its token */
    CONFIG_METHOD,      /* const char *: a join method's name */
};

enum {
    CONFIG_NOT_BUILT = 1 << 0, /* refused, unless it is set to what we do anyway: off, empty */
    CONFIG_REQUIRED = 1 << 1,
    CONFIG_POSITIVE = 1 << 2,    /* durations */
    CONFIG_SENSITIVE = 1 << 3,   /* its value never enters a message */
    CONFIG_METHOD_ONLY = 1 << 4, /* belongs to one join method that is not built: no effect */
    CONFIG_OURS = 1 << 5,        /* Go tbot does not know it */
    CONFIG_ELSEWHERE = 1 << 6,   /* read by whoever reads the section, not by its table */
};

struct config_section;

struct config_key {
    const char *name;
    enum config_kind kind;
    unsigned flags;
    const char *help;                     /* one line, no full stop */
    const char *const *choices;           /* CONFIG_CHOICE, NULL-terminated */
    const struct config_section *section; /* CONFIG_SECTION, CONFIG_SECTIONS */

    /* Where the value goes in the section's struct; without is_kept it is only checked. */
    bool is_kept;
    size_t offset;
    bool is_placed; /* its place in the file is kept too, as a struct config_at */
    size_t at_offset;
};

#define CONFIG_KEEP(struct_, member_) .is_kept = true, .offset = offsetof(struct_, member_)
#define CONFIG_PLACE(struct_, member_) .is_placed = true, .at_offset = offsetof(struct_, member_)

struct config_section {
    const char *name; /* for `tbot help config` */
    const struct config_key *keys;
    size_t n_keys;
    const struct config_section *base; /* further keys, shared with other sections; or NULL */
};

#define CONFIG_KEYS(keys_) .keys = (keys_), .n_keys = sizeof(keys_) / sizeof(*(keys_))

/* One value of a `type` key, or one join method. */
struct config_variant {
    const char *name;
    bool is_built;
    unsigned type; /* enum config_service_type, enum config_destination_type */
    const struct config_section *section; /* NULL: join methods */
    const char *help;
};

struct config_variants {
    const char *what; /* "service type" */
    const struct config_variant *items;
    size_t len;
};

extern const struct config_section config_schema_top;
extern const struct config_section config_schema_onboarding;
extern const struct config_variants config_schema_join_methods;
extern const struct config_variants config_schema_destinations;
extern const struct config_variants config_schema_services;

/* Borrowed from the tables; NULL when there is none of that name. */
const struct config_key *config_schema_key(const struct config_section *section, const char *name);
const struct config_variant *config_schema_variant(const struct config_variants *variants,
                                                   const char *name);

/* The destination type that has the key which `section`, another type's, has not; or NULL. */
const struct config_variant *config_schema_rightful(const struct config_section *section,
                                                    const char *name);

/* The name that `wrong` is probably a slip of the pen for, or NULL. */
const char *config_schema_suggest_key(const struct config_section *section, const char *wrong);
const char *config_schema_suggest_variant(const struct config_variants *variants,
                                          const char *wrong);

#endif
