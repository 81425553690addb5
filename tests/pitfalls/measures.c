/* SPDX-License-Identifier: MIT */
/* Measures exactly, here and in a thread; or, with an argument, fails unless
 * /proc is empty. For scripts that run it in odd surroundings. */
#include <pthread.h>

#include "exactly.h"

static void *measure(void *unused)
{
    check_all_exact();
    return unused;
}

int main(int argc, char **argv)
{
    (void)argv;
    CHECK(argc == 1 || access("/proc/self", F_OK) != 0);
    CHECK(tare_is_attached());
    pthread_t thread;
    check_all_exact();
    CHECK(pthread_create(&thread, NULL, measure, NULL) == 0 && pthread_join(thread, NULL) == 0);
    check_all_exact();
    void *volatile leaked = malloc(4321);
    (void)leaked;
    dprintf(1, "measured\n");
    return 0;
}
