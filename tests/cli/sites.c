/* SPDX-License-Identifier: MIT */
/*
 * usage: sites [more]
 * Sites whose every figure is known:
 *
 *                allocations  bytes          live            with "more"
 *   hold         10           1,000          10, 1,000       12 of each
 *   churn        50           1,000          0; temporary    gone
 *   grow         1            1,000 (realloc) 0              the same
 *   recurse      1, 5 deep    7              1, 7            the same
 *   extra        0                                           1, 5,000, freed
 */
#include <stdlib.h>
#include <string.h>

static void *volatile kept;
static volatile int one = 1;

__attribute__((noinline)) static void *hold(void)
{
    kept = malloc(100);
    return kept;
}

__attribute__((noinline)) static void churn(void)
{
    for (int i = 0; i < 50 * one; i++) {
        kept = malloc(20);
        free(kept);
    }
}

__attribute__((noinline)) static void grow(void)
{
    char *block = malloc(10);
    kept = realloc(block, 1000);
    free(kept);
}

__attribute__((noinline)) static int recurse(int depth)
{
    if (depth > 1)
        return recurse(depth - one) + one;
    kept = malloc(7);
    return one;
}

__attribute__((noinline)) static void extra(void)
{
    kept = malloc(5000);
    free(kept);
}

int main(int count, char **arguments)
{
    int more = count > 1 && strcmp(arguments[1], "more") == 0;
    for (int i = 0; i < (more ? 12 : 10); i++)
        hold();
    if (!more)
        churn();
    grow();
    int depth = recurse(5);
    if (more)
        extra();
    return depth == 5 ? 0 : 1;
}
