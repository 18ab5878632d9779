/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_IDENTITY_PKI_OID_H
#define TBOT_IDENTITY_PKI_OID_H

/*
 * What stands where in the subject of a Teleport user certificate. All of it are ordinary
 * attributes of the distinguished name, one relative name each; some appear several times.
 */

/* Standard attributes, and what Teleport uses them for. */
#define OID_COMMON_NAME "2.5.4.3"          /* the user, "bot-NAME" */
#define OID_SERIAL_NUMBER "2.5.4.5"        /* of the CA's own name only */
#define OID_LOCALITY "2.5.4.7"             /* SSH principals, several */
#define OID_STREET "2.5.4.9"               /* cluster this certificate is routed to */
#define OID_ORGANIZATION "2.5.4.10"        /* roles, several; in the issuer: the cluster */
#define OID_ORGANIZATIONAL_UNIT "2.5.4.11" /* restriction of use, several; none: unrestricted */
#define OID_POSTAL_CODE "2.5.4.17"         /* traits, JSON */

/* Teleport's own. */
#define OID_KUBE_USERS "1.3.9999.1.1"
#define OID_KUBE_GROUPS "1.3.9999.1.2"
#define OID_KUBE_CLUSTER "1.3.9999.1.3"
#define OID_APP_SESSION "1.3.9999.1.4"
#define OID_APP_CLUSTER "1.3.9999.1.5"
#define OID_APP_PUBLIC_ADDR "1.3.9999.1.6"
#define OID_TELEPORT_CLUSTER "1.3.9999.1.7"
#define OID_APP_NAME "1.3.9999.1.10"
#define OID_RENEWABLE "1.3.9999.1.13"  /* "true" */
#define OID_GENERATION "1.3.9999.1.14" /* decimal */
#define OID_DB_SERVICE "1.3.9999.2.1"
#define OID_DB_PROTOCOL "1.3.9999.2.2"
#define OID_DB_USER "1.3.9999.2.3"
#define OID_DB_NAME "1.3.9999.2.4"
#define OID_IMPERSONATOR "1.3.9999.2.7"
#define OID_DISALLOW_REISSUE "1.3.9999.2.9"  /* "true" */
#define OID_PREVIOUS_EXPIRES "1.3.9999.2.12" /* RFC 3339 */
#define OID_BOT_NAME "1.3.9999.2.18"
#define OID_BOT_INSTANCE "1.3.9999.2.20"    /* from 16.2 */
#define OID_JOIN_ATTRIBUTES "1.3.9999.2.21" /* protobuf JSON, from 17; long */

#endif
