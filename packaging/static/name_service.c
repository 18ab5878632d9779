/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a static program finds names: in files, and hosts by DNS. Nothing else.
 *
 * glibc has these two built in. Every other service that nsswitch.conf may name (systemd-resolved's, mDNS,
 * LDAP, sssd) is a shared library, made for the C library of that machine; loading it into a program that
 * brought its own C library crashes sooner or later. So the machine's choice is not asked.
 */
#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>

static void use(const char *database, const char *services)
{
    if (__nss_configure_lookup(database, services) == 0)
        return;
    fprintf(stderr, "tbot: cannot choose how to look up '%s'\n", database);
    abort();
}

/* Before main(), and so before any thread looks something up. */
__attribute__((constructor)) static void use_what_is_built_in(void)
{
    use("hosts", "files dns");
    use("passwd", "files");
    use("group", "files");
    use("services", "files");
    use("protocols", "files");
}
