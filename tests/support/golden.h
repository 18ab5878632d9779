/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_GOLDEN_H
#define TBOT_TESTS_SUPPORT_GOLDEN_H

/*
 * Fails the test unless the file `folder`/`name` holds `text`, to the byte. With UPDATE_GOLDEN in the environment it
 * writes the file anew instead: look at the difference before you keep it.
 */
void golden_hold(const char *folder, const char *name, const char *text);

#endif
