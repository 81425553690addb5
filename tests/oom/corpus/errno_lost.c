/* SPDX-License-Identifier: MIT */
/* Says why it failed by errno, which the clean-up has changed.
 * expect: wrong success
 * options: --must-fail */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void clean_up(void)
{
    errno = 0;
    access("/", F_OK);
}

static int work(void)
{
    char *block = malloc(10);
    if (block == NULL) {
        int error = errno;
        clean_up();
#ifdef CLEAN
        errno = error;
#else
        (void)error;
#endif
        return -1;
    }
    free(block);
    return 0;
}

int main(void)
{
    return work() == 0 ? 0 : errno;
}
