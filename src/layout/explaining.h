/* SPDX-License-Identifier: MIT */
/*
 * What the library asks of libtare-explain.so, which it loads when an expectation
 * fails and not before: the two are of one version, and this is all that
 * they know of each other.
 */
#ifndef TARE__EXPLAINING_H
#define TARE__EXPLAINING_H

#include <stddef.h>
#include <stdint.h>

#include <tare/tare.h>

/* The statistics as bits, in the order of their list. */
enum {
#define TARE__ORDINAL(type, name, unit, text) TARE__ORDINAL_##name,
    TARE_STATISTICS(TARE__ORDINAL)
#undef TARE__ORDINAL
};
#define TARE__STATISTIC_BIT(name) (1u << TARE__ORDINAL_##name)

#define TARE__EXPLAIN_REASON_BYTES 256

struct tare__explaining {
    const char *version; /* tare_version() of who asks */
    void *context;       /* for the two functions */

    /* Of a scope, saved in this file: where the statistics came from that `violated`
     * names. It is told them less the leaks that are suppressed, and returns bits;
     * of `forbidden`, which are 0 or below when all is well, the first site is shown.
     * Suppressions: the path of a file, and a text; each NULL for none. */
    const char *path;
    const char *suppressions_path, *suppressions;
    uint32_t (*violated)(const tare_stats *stats, void *context);
    uint32_t forbidden;

    /* Or, where path is NULL, of return addresses, the innermost first; 0 between two
     * stacks, and an empty line in the text. */
    const uintptr_t *addresses;
    uint32_t address_count;

    /* Or, where that is not NULL, the code of functions with such names: range is told of
     * each stretch of it, and there is no text. */
    const char *pattern;
    void (*range)(uintptr_t low, uintptr_t end, void *context);

    /* Is given the text, once, unless there is none: lines, each ending in a newline, and
     * then a NUL that is not in the length. */
    void (*write)(const char *text, size_t length, void *context);

    char reason[TARE__EXPLAIN_REASON_BYTES]; /* out, on an error: what stands in the way */
};

/* 0 or an errno value. */
#define TARE__EXPLAIN_FUNCTION "tare__explain"
typedef int tare__explain_function(struct tare__explaining *explaining);

#endif
