/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_UNIT_AGENT_OUTPUT_FIXTURE_H
#define TBOT_TESTS_UNIT_AGENT_OUTPUT_FIXTURE_H

/*
 * An identity of the bot "web" in the cluster "example.test", P-256, made with openssl(1) and
 * ssh-keygen(1); the SSH certificate is good for ever. The keys are worth nothing.
 */

#include "identity/pki/credentials.h"

static const char FIXTURE_KEY[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTVThRlF3eYNZ9pZE\n"
    "9bFNk02MQX+cTe7k5edlcmmqDGqhRANCAATgSG4u4cq5dDiuoEijWH619pIJzSiz\n"
    "9j6xzrDdj60doHSxJI2Ljg+N1v+/pqEAEJ0sEvZqToRfW8ok15U9XBE3\n"
    "-----END PRIVATE KEY-----\n";

static const char FIXTURE_KEY_PUB[] =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOBI"
    "bi7hyrl0OK6gSKNYfrX2kgnNKLP2PrHOsN2PrR2gdLEkjYuOD43W/7+moQAQnSwS9mpOhF9byiTX"
    "lT1cETc=\n";

static const char FIXTURE_SSH_CERT[] =
    "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2V"
    "ydC12MDFAb3BlbnNzaC5jb20AAAAgDCSu6SZUocWSMOxPjRI2krM6e17p/IT4TTTwhRBTlx8AAAA"
    "IbmlzdHAyNTYAAABBBOBIbi7hyrl0OK6gSKNYfrX2kgnNKLP2PrHOsN2PrR2gdLEkjYuOD43W/7+"
    "moQAQnSwS9mpOhF9byiTXlT1cETcAAAAAAAAAAAAAAAEAAAAHYm90LXdlYgAAAAgAAAAEcm9vdAA"
    "AAAAAAAAA//////////8AAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3B"
    "lcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAA"
    "AAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAtzc2gtZWQ"
    "yNTUxOQAAACD24ethEoEeHpZIpm/qPSHSecpdgzvKQhG7bOk0WO4rrgAAAFMAAAALc3NoLWVkMjU"
    "1MTkAAABAKuaQUoUyX3Np9adhogbhB2me/wzeFFd6TuqzmIVRsEpRF823gBa4VuPQph0F97bJz8o"
    "zcQ4t+eRU3CQ0jsq5Aw==\n";

static const char FIXTURE_TLS_CERT[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBPDCB4gICEjQwCgYIKoZIzj0EAwIwLjEVMBMGA1UECgwMZXhhbXBsZS50ZXN0\n"
    "MRUwEwYDVQQDDAxleGFtcGxlLnRlc3QwIBcNMjYxMTIxMDgxODA4WhgPMjEyNjEw\n"
    "MjgwODE4MDhaMCMxEDAOBgNVBAMMB2JvdC13ZWIxDzANBgNVBAoMBmFjY2VzczBZ\n"
    "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABOBIbi7hyrl0OK6gSKNYfrX2kgnNKLP2\n"
    "PrHOsN2PrR2gdLEkjYuOD43W/7+moQAQnSwS9mpOhF9byiTXlT1cETcwCgYIKoZI\n"
    "zj0EAwIDSQAwRgIhAOTdn8QbNu3+mf21srtMY3Xq8JQD/XXSbBX95JpkPwoVAiEA\n"
    "pr7ciZguq2KmrqkkUVrRCQR4LNEZw/tJHw9jvsZ9wXg=\n"
    "-----END CERTIFICATE-----\n";

static const char FIXTURE_CA[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBszCCAVmgAwIBAgIUWoapS1VhAkMX04BjIrI+pHrtJwowCgYIKoZIzj0EAwIw\n"
    "LjEVMBMGA1UECgwMZXhhbXBsZS50ZXN0MRUwEwYDVQQDDAxleGFtcGxlLnRlc3Qw\n"
    "IBcNMjYxMTIxMDgxODA4WhgPMjEyNjEwMjgwODE4MDhaMC4xFTATBgNVBAoMDGV4\n"
    "YW1wbGUudGVzdDEVMBMGA1UEAwwMZXhhbXBsZS50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEsW9M4Dw0hgfpPWGB2xBSLhtPl7i04xwA9E+RGGgkli1xSqWu\n"
    "NDPy1tKrQmtLFyULrXKKlsFapmt7GKTUb2AgSqNTMFEwHQYDVR0OBBYEFAKlUbGF\n"
    "M7fyQmCDttt48a5qnrOUMB8GA1UdIwQYMBaAFAKlUbGFM7fyQmCDttt48a5qnrOU\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgBe6JzGjelKB7wiFV\n"
    "vohgo8iTgYF1+x1jeMTs1obkAjYCIQDGbPE0G2ePPDBVE9eTrxX8/yWSz3xKMUGE\n"
    "2qBATQlFkw==\n"
    "-----END CERTIFICATE-----\n";

static const char FIXTURE_CA_NEXT[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBpjCCAU2gAwIBAgIUZe+d7mp74V+tHnHx8Twh+hB/g3wwCgYIKoZIzj0EAwIw\n"
    "KDEVMBMGA1UECgwMZXhhbXBsZS50ZXN0MQ8wDQYDVQQDDAZzZWNvbmQwIBcNMjYx\n"
    "MTIxMDgxODA4WhgPMjEyNjEwMjgwODE4MDhaMCgxFTATBgNVBAoMDGV4YW1wbGUu\n"
    "dGVzdDEPMA0GA1UEAwwGc2Vjb25kMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
    "Pw+dv1YKOB3F+Us5btjgBM5XkwMTiWkYGR/FKy7dBCxuiHFQLhk3lqQo87sEmY/c\n"
    "gnrKFLb+K72VKor9B0Jn5qNTMFEwHQYDVR0OBBYEFNiczQqenc9Qid8zHYBMAGKT\n"
    "Iu4fMB8GA1UdIwQYMBaAFNiczQqenc9Qid8zHYBMAGKTIu4fMA8GA1UdEwEB/wQF\n"
    "MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgJ58deKHhQBVAYoC4+hn2daGAaxgLksxV\n"
    "eUzIP60ydvoCIFFWqtnzuaPzqCMDB/RzoGnvVJpsORSP2rhdsJVNavu9\n"
    "-----END CERTIFICATE-----\n";

#define FIXTURE_SSH_CA                                                                             \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbh62ESgR4elkimb+o9IdJ5yl2DO8pCEbts6TRY7iuu"
#define FIXTURE_SSH_CA_LEAF                                                                        \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO4ZQSgI8JDaYcvRUkfnC5xy27YBgDndxxlx2peBC7M2"

/* The whole identity, with both CAs and the SSH CA. */
static inline RESULT fixture_credentials(struct credentials **ret)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};

    TRY(key_from_pem(bytes_of_str(FIXTURE_KEY), &key));
    TRY(strlist_add(&tls_cas, FIXTURE_CA));
    TRY(strlist_add(&tls_cas, FIXTURE_CA_NEXT));
    TRY(strlist_add(&ssh_cas, FIXTURE_SSH_CA));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = bytes_of_str(FIXTURE_TLS_CERT),
        .ssh_cert = bytes_of_str(FIXTURE_SSH_CERT),
        .tls_cas = &tls_cas,
        .ssh_cas = &ssh_cas,
    };
    return credentials_new(&parts, ret);
}

#endif
