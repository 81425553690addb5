/* SPDX-License-Identifier: MIT */
/*
 * Says on demand, a line for a line, how many listen: "s" here, "f" makes a child
 * that is asked the same from then on, "m" allocates 123 bytes in a scope in both.
 * Linked statically, so that the words can be named.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include <tare/tare.h>

#include "check.h"

#define TARE_PROBE_GROUP(group)
#define TARE_PROBE(provider, name, ...)                                                                                \
    extern volatile unsigned short provider##_##name##_semaphore __attribute__((visibility("hidden")));
#include "probes.def"
#undef TARE_PROBE

static unsigned listeners(void)
{
    unsigned sum = 0;
#define TARE_PROBE(provider, name, ...) sum += provider##_##name##_semaphore;
#include "probes.def"
#undef TARE_PROBE
    return sum;
}

static void allocate(void)
{
    tare_stats stats;
    tare_measure(&stats) {
        free(malloc(123));
    }
    CHECK_EQUAL(stats.allocations, 1);
}

/* The child answers a byte for a byte. */
static int to_child = -1, from_child = -1;

static void make_child(void)
{
    int questions[2], answers[2];
    CHECK_EQUAL(pipe(questions) | pipe(answers), 0);
    to_child = questions[1];
    from_child = answers[0];
    if (fork() != 0)
        return;
    close(questions[1]); /* its end is the parent's end */
    char byte;
    while (read(questions[0], &byte, 1) == 1) {
        if (byte == 'm')
            allocate();
        char answer = (char)listeners();
        CHECK_EQUAL(write(answers[1], &answer, 1), 1);
    }
    _exit(0);
}

int main(void)
{
    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == 'f')
            make_child();
        if (line[0] == 'm')
            allocate();
        char of_child = 0;
        if (to_child >= 0)
            CHECK(write(to_child, line, 1) == 1 && read(from_child, &of_child, 1) == 1);
        printf("%u %d\n", listeners(), of_child);
        fflush(stdout);
    }
    return 0;
}
