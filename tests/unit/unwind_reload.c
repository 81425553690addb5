/* SPDX-License-Identifier: MIT */
/*
 * A module is closed and another loaded in its place, whose return address is the
 * same and whose frame isn't: what was remembered of the first is forgotten.
 * Arguments: the two modules.
 */
#include <dlfcn.h>
#include <link.h>

#include "check.h"
#include "unwinder.h"

enum { FRAMES_MAX = 64, ROUNDS = 6 };

static uintptr_t ours[FRAMES_MAX], theirs[FRAMES_MAX];

static int look(void)
{
    for (int again = 0; again < 3; again++) { /* computed, remembered, remembered */
        struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
        struct tare__unwind_result end =
            tare__unwind_walk(&walk, ours, FRAMES_MAX, (uintptr_t)__builtin_frame_address(0));
        struct tare__unwind_result expected =
            tare__unwind_slowly(theirs, FRAMES_MAX, (uintptr_t)__builtin_frame_address(0));
        CHECK_EQUAL(end.depth, expected.depth);
        CHECK_EQUAL(end.end, TARE__UNWIND_COMPLETE);
        CHECK(memcmp(ours, theirs, end.depth * sizeof *ours) == 0);
    }
    return 1;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    tare__unwind_start();
    uintptr_t first = 0, other = 0;
    for (int round = 0; round < ROUNDS; round++) {
        void *module = dlopen(argv[1 + round % 2], RTLD_NOW);
        CHECK(module != NULL);
        union {
            void *address;
            int (*call)(int (*)(void));
        } symbol = {dlsym(module, "call_from_module")};
        CHECK(symbol.address != NULL && symbol.call(look) == 2);
        if (round == 0)
            first = (uintptr_t)symbol.address;
        other |= first ^ (uintptr_t)symbol.address;
        CHECK(dlclose(module) == 0);
    }
    if (other != 0)
        SKIP("the loader puts the second module elsewhere");
    return 0;
}
