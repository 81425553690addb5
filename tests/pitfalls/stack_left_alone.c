/* SPDX-License-Identifier: MIT */
/* Nothing on the stack is changed, return addresses least of all. */
#include "looker.h"

enum { DEPTH = 200 };

static struct tare__thread thread;

__attribute__((noinline)) static int all_left_as_it_was(int left)
{
    static unsigned char before[8192];
    volatile int kept = left;
    if (left > 0)
        return all_left_as_it_was(left - 1) + kept;
    const unsigned char *above = (const unsigned char *)TARE__FRAME;
    memcpy(before, above, sizeof before);
    CHECK(tare__callstack(&thread, TARE__FRAME) != 0);
    return memcmp(before, above, sizeof before);
}

int main(void)
{
    tare__unwind_start();
    tare__callstack_start();
    for (int round = 0; round < 3; round++)
        CHECK_EQUAL(all_left_as_it_was(DEPTH), DEPTH * (DEPTH + 1) / 2);
    return 0;
}
