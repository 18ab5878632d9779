/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_KEEPALIVE_H
#define TBOT_DIAG_KEEPALIVE_H

/*
 * For connections on which nobody may speak for long: makes the kernel ask whether the other side is
 * still there, so that one that vanished without a word is noticed after about two minutes. Best effort;
 * on a Unix socket, where the kernel knows, it means nothing.
 */
void diag_keepalive(int fd);

#endif
