/* SPDX-License-Identifier: MIT */
/* Judging is the same for every relation, so that a relation is one line. */
#include "expectation.h"

#define RELATION(name, sign)                                                                                           \
    static bool name(int64_t actual, int64_t value)                                                                    \
    {                                                                                                                  \
        return actual sign value;                                                                                      \
    }
RELATION(at_most, <=)
RELATION(at_least, >=)
RELATION(exactly, ==)
RELATION(other_than, !=)
RELATION(less_than, <)
RELATION(more_than, >)
#undef RELATION

const struct tare__relation tare__relations[] = {
    {"<=", "at most", at_most},       {">=", "at least", at_least},  {"==", "exactly", exactly},
    {"!=", "other than", other_than}, {"<", "less than", less_than}, {">", "more than", more_than},
    {"=", "exactly", exactly},
};
const size_t tare__relation_count = sizeof tare__relations / sizeof *tare__relations;

bool tare__expectations_judge(struct tare__expectation *expectations, size_t count, const tare_stats *stats)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        struct tare__expectation *one = &expectations[i];
        one->actual = tare__statistic_value(one->statistic, stats);
        one->holds = stats->inexact == 0 && one->relation->holds(one->actual, one->value);
        all &= one->holds;
    }
    return all;
}
