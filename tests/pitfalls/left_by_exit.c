/* SPDX-License-Identifier: MIT */
/* exit() inside blocks: functions registered with atexit still measure exactly,
 * in a thread that is not the main one too. */
#include <pthread.h>

#include "exactly.h"

static bool measured_at_exit;

static void measure_at_exit(void)
{
    check_all_exact();
    measured_at_exit = true;
}

static __attribute__((destructor)) void ended(void)
{
    CHECK(measured_at_exit);
    check_all_exact();
    dprintf(1, "measured at exit\n");
}

static void *exit_in_blocks(void *unused)
{
    tare_stats outer, inner;
    tare_measure(&outer, .domain = TARE_PROCESS) {
        tare_measure(&inner) {
            free(malloc(3));
            exit(0);
        }
    }
    return unused;
}

int main(int argc, char **argv)
{
    (void)argv;
    CHECK(atexit(measure_at_exit) == 0);
    pthread_t thread;
    if (argc > 1)
        CHECK(pthread_create(&thread, NULL, exit_in_blocks, NULL) == 0 && pthread_join(thread, NULL) == 0);
    exit_in_blocks(NULL);
    return 1;
}
