/* SPDX-License-Identifier: MIT */
/*
 * The tests' harness: one small program a test, exit status 0 passed, 1 failed,
 * 77 can't run here. It allocates nothing (dprintf to a descriptor with numbers
 * and strings only), so it may stand inside what is measured.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In a build with a sanitizer a test is linked by --wrap, since libc finds the
 * sanitizer's malloc and not ours; and everything takes longer. */
#if defined(TEST_ADDRESS_SANITIZER) || defined(TEST_THREAD_SANITIZER)
#define CHECK_SANITIZED true
#define CHECK_LINK_MODE "wrap"
#define CHECK_ROUNDS(rounds) ((rounds) / 10)
#else
#define CHECK_SANITIZED false
#define CHECK_LINK_MODE "shared"
#define CHECK_ROUNDS(rounds) (rounds)
#endif

/* Under qemu-user, which has pages of its own for those of the program. */
#ifdef TEST_EMULATED
#define CHECK_EMULATED true
#else
#define CHECK_EMULATED false
#endif

/* ThreadSanitizer knows no threads in a child of a process that had some, takes one
 * that is cancelled in a blocking function for one that is in there still, and
 * hands signals on when it sees fit. */
#ifdef TEST_THREAD_SANITIZER
#define CHECK_THREAD_SANITIZED true
#else
#define CHECK_THREAD_SANITIZED false
#endif

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            dprintf(2, "%s:%d: %s: failed: %s\n", __FILE__, __LINE__, __func__, #condition);                           \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* CHECK_EQUAL(actual, expected): both integers that fit 64 bits. */
#define CHECK_EQUAL(actual, expected)                                                                                  \
    do {                                                                                                               \
        int64_t check_actual_ = (int64_t)(actual), check_expected_ = (int64_t)(expected);                              \
        if (check_actual_ != check_expected_) {                                                                        \
            dprintf(2, "%s:%d: %s: %s is %" PRId64 ", expected %" PRId64 "\n", __FILE__, __LINE__, __func__, #actual,  \
                    check_actual_, check_expected_);                                                                   \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define CHECK_CONTAINS(text, part)                                                                                     \
    do {                                                                                                               \
        if (strstr((text), (part)) == NULL) {                                                                          \
            dprintf(2, "%s:%d: %s: \"%s\" is not in:\n%s\n", __FILE__, __LINE__, __func__, (part), (text));            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* Ends the test as one that can't run here, and says what is missing. */
#define SKIP(reason)                                                                                                   \
    do {                                                                                                               \
        dprintf(2, "skipped: %s\n", (reason));                                                                         \
        _exit(77);                                                                                                     \
    } while (0)

#endif
