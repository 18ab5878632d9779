/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_BASE_GEN_H
#define TBOT_TESTS_UNIT_BASE_GEN_H

/*
 * A directory whose files are published as generations, and what a person would look at there. A
 * program with it is linked with --wrap=symlinkat and --wrap=linkat.
 */

#include "base/dir_generation.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <sys/stat.h>

/* Made by gen_set_up(). */
extern struct gen {
    struct temp_dir tmp;
    struct dir *dir; /* the same, open */

    /* Called once between the making of a temporary link and its renaming. */
    void (*between)(void);

    /* Filesystems differ in what they know: errno of these calls, 0 for "as the system does". */
    int no_symlink, no_link;
    bool no_set_id; /* as under a service manager that denies these bits */
} gen;

int gen_set_up(void **state);
int gen_tear_down(void **state);

/* A pair that belongs together, "key N" and "cert N", and a CA; how many of them have changed. */
unsigned gen_publish(const char *n);
struct err *gen_try_publish_key(void);

void gen_assert_content(const char *name, const char *want);
void gen_assert_pair(const char *n);

/* Of a symbolic link; to be freed. */
char *gen_target_of(const char *name);
void gen_assert_target(const char *name, const char *want);

/* Of the name itself, and of what it leads to. */
struct stat gen_look(const char *name);
ino_t gen_inode_behind(const char *name);

unsigned gen_count_generations(void);

void gen_make_directory(const char *name);
void gen_make_link(const char *name, const char *target);

#define GEN_TEST(name) cmocka_unit_test_setup_teardown(name, gen_set_up, gen_tear_down)

#endif
