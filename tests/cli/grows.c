/* SPDX-License-Identifier: MIT */
/* usage: grows FILE
 * Allocates and leaks 1,000 bytes again and again until FILE is there; then ends with 7. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void *volatile kept;

__attribute__((noinline)) static void leak_some(void)
{
    kept = malloc(1000);
}

int main(int count, char **arguments)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    while (count > 1 && access(arguments[1], F_OK) != 0) {
        leak_some();
        nanosleep(&pause, NULL);
    }
    return kept != NULL ? 7 : 0;
}
