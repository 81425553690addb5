/* SPDX-License-Identifier: MIT */
/* A planted defect is found, with this verdict (EXPECTED) and where it is; its clean twin passes. */
#include <check.h>
#include <errno.h>

#include "caught.h"

int work(void);

#ifdef CLEAN
static const bool clean = true;
#else
static const bool clean = false;
#endif
#ifdef RETRIES
#define JUDGE_SUCCESS(condition) (void)0
#else
#define JUDGE_SUCCESS(condition) tare_fault_succeeded(condition)
#endif

int main(void)
{
    static tare_fault_result result;
    catch_failures();
    tare_fault_sweep(.name = "corpus", .result = &result, .timeout_ms = clean ? 0 : 300)
    {
        int error = work();
        tare_fault_check(error == 0 || errno == ENOMEM);
        JUDGE_SUCCESS(error == 0);
    }
    CHECK(result.points > 0);
    CHECK_EQUAL(result.runs, 2 * result.points);
    if (clean) {
        if (caught.count != 0)
            dprintf(2, "%s", caught.message);
        CHECK_EQUAL(caught.count, 0);
        CHECK_EQUAL(result.passed, result.runs);
        return 0;
    }
    dprintf(1, "%s", caught.message);
    CHECK_EQUAL(caught.count, 1);
    CHECK_EQUAL(caught.error, 0);
    CHECK_EQUAL(result.EXPECTED, EXPECTED_RUNS);
    CHECK_EQUAL(result.passed + result.EXPECTED, result.runs);
    CHECK_CONTAINS(caught.message, EXPECTED_WHERE);
    CHECK_CONTAINS(caught.message, "replay: TARE_FAULT_REPLAY=");
    return 0;
}
