/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 51: the first call differs from later ones, because libc reads the
 * time zone or makes stdout its buffer. The way out is to run the block once
 * before measuring it: the second and the third measurement are the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tare/tare.h>
#include <time.h>

#include "check.h"

static void use_localtime(void *argument)
{
    (void)argument;
    time_t now = 1700000000;
    CHECK(localtime(&now) != NULL);
}

static void use_stdout(void *argument)
{
    (void)argument;
    CHECK(printf("whoa\n") == 5);
    CHECK_EQUAL(fflush(stdout), 0);
}

static void check_first_differs(void (*function)(void *))
{
    tare_stats first = tare_measured(function, NULL);
    tare_stats second = tare_measured(function, NULL);
    tare_stats third = tare_measured(function, NULL);
    CHECK_EQUAL(first.inexact, 0);
    CHECK(first.allocations > second.allocations);
    CHECK(tare_stats_equal(&second, &third));
    CHECK_EQUAL(tare_stats_difference(&second, &third).allocations, 0);
    CHECK_EQUAL(second.leaked_allocations, 0);
}

int main(void)
{
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0); /* a terminal is buffered otherwise */
    CHECK_EQUAL(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    CHECK_EQUAL(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0", 1), 0); /* needs no file */

    check_first_differs(use_localtime);
    check_first_differs(use_stdout);
    return 0;
}
