/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OPENSSH_VERSION_H
#define TBOT_AGENT_OPENSSH_VERSION_H

/*
 * Which OpenSSH reads the ssh_config we write: versions before 7.8 name RSA certificate algorithms
 * differently.
 */

#include "agent/output_files_ssh.h"
#include "base/buf.h"

/* From what `ssh -V` says, "OpenSSH_9.2p1 Debian-2, …"; 0.0 when it says something else. */
struct openssh_version openssh_version_parse(const char *text);

/*
 * Asks the installed ssh, once in the life of the process; 0.0 where there is none. Blocks for as
 * long as `ssh -V` takes, at most two seconds. Any thread.
 */
struct openssh_version openssh_version_installed(void);

#endif
