/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_SUBJECT_H
#define TBOT_IDENTITY_PKI_SUBJECT_H

/*
 * Reads what a Teleport user certificate's subject says into a struct subject
 * (identity/pki/credentials.h) and owns the texts it points at.
 */

#include "identity/pki/credentials.h"

struct subject_texts {
    char *username;
    char *cluster;
    char *bot_name;
    char *bot_instance;
    char *routed_to;
    struct strlist roles;
};

/*
 * ERR_CRYPTO when the user name or the cluster is missing, or the generation is not a number. Fills
 * an empty `texts`, also in part on an error; *ret points into it.
 */
RESULT subject_read(const X509 *cert, struct subject_texts *texts, struct subject *ret);

void subject_release(struct subject_texts *texts);

#endif
