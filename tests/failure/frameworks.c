/* SPDX-License-Identifier: MIT */
/* A failure inside a test of cmocka: its frames are not shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <tare/tare.h>

static void fail_test(const tare_failure *failure, void *context)
{
    (void)context;
    fail_msg("%s", failure->message);
}

static void leaks(void **state)
{
    (void)state;
    static void *kept;
    tare_expect_no_leaks()
        kept = malloc(5);
    (void)kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(leaks)};
    tare_set_failure_handler(fail_test, NULL, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL) == 1 ? 0 : 1;
}
