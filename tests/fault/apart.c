/* SPDX-License-Identifier: MIT */
/* Pitfall 67: what the loader and NSS ask for is told by its stack, listed, and does not fail; what libc asks for by
 * itself does. Run with another word, everything fails, and libc is as wrong as it is. */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>

#include "caught.h"

static tare_fault_result result;

/* The loader's, from the program by libc. */
static void check_loader(void)
{
    tare_fault_sweep(.result = &result)
    {
        void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_NOLOAD);
        if (library != NULL)
            dlclose(library);
        dlopen("no_such_library.so", RTLD_NOW);
        free(malloc(1));
    }
    CHECK_EQUAL(caught.count, 0);
    CHECK_EQUAL(result.allocations, 1);
    CHECK_EQUAL(result.runs, 2);
    CHECK(result.apart > 0);
}

static void check_nss(void)
{
    char room[4096];
    struct passwd entry, *found;
    struct addrinfo *addresses = NULL;
    tare_fault_sweep(.result = &result)
    {
        getpwnam_r("root", &entry, room, sizeof room, &found);
        getgrgid(0);
        if (getaddrinfo("localhost", "80", NULL, &addresses) == 0)
            freeaddrinfo(addresses);
        free(malloc(1));
    }
    if (caught.count != 0)
        dprintf(2, "%s", caught.message);
    CHECK_EQUAL(caught.count, 0);
    CHECK_EQUAL(result.allocations, 1);
    CHECK(result.apart >= 3);
}

static void check_libc(void)
{
    tare_fault_sweep(.result = &result)
    {
        errno = 0;
        char *text = strdup("libc's own");
        tare_fault_check(text != NULL || errno == ENOMEM);
        free(text);
        free(text = NULL);
    }
    CHECK_EQUAL(caught.count, 0);
    CHECK(result.allocations == 1 && result.runs == 2 && result.apart == 0);
    tare_fault_sweep(.result = &result)
    {
        char *text = strdup("libc's own");
        *text = 'L';
        free(text);
    }
    CHECK_EQUAL(caught.count, 1);
    CHECK_EQUAL(result.crashed, 2);
    CHECK_CONTAINS(caught.message, "allocation 1, in libc");
}

static void check_everywhere(void)
{
    tare_fault_sweep(.result = &result, .everywhere = true, .timeout_ms = 2000)
    {
        dlopen("no_such_library.so", RTLD_NOW);
    }
    CHECK(result.points > 0 && result.apart == 0);
    unsigned failed = 0;
    tare_fail_nth(1, .everywhere = true)
    {
        getgrgid(0);
        failed += tare_fault_fired() != 0;
    }
    CHECK_EQUAL(failed, 1);
}

int main(void)
{
    catch_failures();
    check_loader();
    check_nss();
    check_libc();
    check_everywhere();
    return 0;
}
