/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_CHILD_H
#define TBOT_TESTS_SUPPORT_CHILD_H

/*
 * A function run in a process of its own: for what a process cannot take back, and for what kills it.
 *
 *     assert_int_equal(child_run(tries_to_write, &tmp), EACCES);
 *     assert_int_equal(child_run(executes, NULL), -SIGSYS);
 *
 * The child is a copy of the test with its calling thread only. It must not use cmocka's assertions.
 */

/* What `fn` returned (0 to 255), or the negative number of the signal that ended the child. No core is left. */
int child_run(int (*fn)(void *arg), void *arg);

/*
 * In the child: from now on the system call of that number fails with `error`, as on an older kernel, or in
 * a container that forbids it. 0; -1: there are no filters.
 */
int child_forbid_call(unsigned number, unsigned error);

#endif
