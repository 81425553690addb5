/* SPDX-License-Identifier: MIT */
/* Suppressions: which lines are some, what they cover, and what that takes off. */
#include "suppression.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "pattern.h"
#include "snapshot.h"

static struct tare__process process;

static void patterns(void)
{
    CHECK(tare__matches("main", "main"));
    CHECK(!tare__matches("main", "main2"));
    CHECK(!tare__matches("main", "mai"));
    CHECK(tare__matches("m*", "m"));
    CHECK(tare__matches("*", ""));
    CHECK(tare__matches("a*b*c", "a-b-b-c"));
    CHECK(!tare__matches("a*b*c", "a-b-b-cd"));
    CHECK(tare__matches("*ab", "aab"));
    CHECK(!tare__matches("", "a"));
    CHECK(tare__matches("", ""));
}

static size_t count_of(const char *text)
{
    struct tare__suppressions some = {0};
    struct tare__suppression_error error;
    CHECK_EQUAL(tare__suppressions_add(&some, text, strlen(text), &error), 0);
    size_t count = some.count;
    tare__suppressions_free(&some);
    return count;
}

static void expect_error(const char *text, size_t length, size_t line, const char *expected)
{
    struct tare__suppressions some = {0};
    struct tare__suppression_error error;
    CHECK_EQUAL(tare__suppressions_add(&some, text, length, &error), EINVAL);
    CHECK_EQUAL(error.line, line);
    CHECK_CONTAINS(error.expected, expected);
    tare__suppressions_free(&some);
}

static void lines(void)
{
    CHECK_EQUAL(count_of(""), 0);
    CHECK_EQUAL(count_of("\n\n"), 0);
    CHECK_EQUAL(count_of("# leak:a\n  # leak:b"), 0);
    CHECK_EQUAL(count_of("leak:a"), 1);
    CHECK_EQUAL(count_of("\tleak:a \r\n\nleak:b\n"), 2);
#define ERROR(text, line, expected) expect_error(text, sizeof(text) - 1, line, expected)
    ERROR("race:a", 1, "leak:PATTERN");
    ERROR("leak:a\n\nleak b\n", 3, "leak:PATTERN");
    ERROR("leak:  \n", 1, "a pattern behind leak:");
    ERROR("leak", 1, "leak:PATTERN");
    ERROR("leak:a\0b", 1, "text");
#undef ERROR
}

/* Which sites the text covers, as letters from A on; the process as before. */
static const char *covered_by(const char *text)
{
    static char letters[8];
    size_t length = 0;
    struct tare__suppressions some = {0};
    struct tare__suppression_error error;
    struct tare__process one = process;
    CHECK_EQUAL(tare__suppressions_add(&some, text, strlen(text), &error), 0);
    CHECK_EQUAL(tare__suppress(&some, &one), 0);
    int64_t blocks = 0, bytes = 0;
    for (size_t i = 0; i < one.origins.site_count; i++) {
        if (sites[i].suppressed_by == NULL)
            continue;
        letters[length++] = (char)('A' + i);
        blocks += sites[i].live_blocks;
        bytes += sites[i].live_bytes;
    }
    CHECK_EQUAL(one.stats.leaked_allocations, (int64_t)process.stats.leaked_allocations - blocks);
    CHECK_EQUAL(one.stats.leaked_bytes, (int64_t)process.stats.leaked_bytes - bytes);
    int64_t said_blocks, said_bytes;
    tare__suppressed(&one, &said_blocks, &said_bytes);
    CHECK_EQUAL(said_blocks, blocks);
    CHECK_EQUAL(said_bytes, bytes);
    for (size_t i = 0; i < one.origins.site_count; i++)
        sites[i].suppressed_by = NULL;
    tare__suppressions_free(&some);
    letters[length] = '\0';
    return letters;
}

#define EXPECT(text, expected)                                                                                         \
    do {                                                                                                               \
        const char *covered = covered_by(text);                                                                        \
        if (strcmp(covered, expected) != 0) {                                                                          \
            dprintf(2, "%s covers '%s', not '%s'\n", text, covered, expected);                                         \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* B, D, E and F leak. A has nothing live, and C is no leak anyway. */
static void covers(void)
{
    EXPECT("leak:no such", "");
    EXPECT("leak:main", "BDE");
    EXPECT("leak:^main$", "BDE");
    EXPECT("leak:^ain", "");
    EXPECT("leak:mai$", "");
    EXPECT("leak:puts", "D");
    EXPECT("leak:vector", "B");
    EXPECT("leak:vector<*>::push_back", "B");
    EXPECT("leak:new_allocator", "B");
    EXPECT("leak:fib.c", "E");
    EXPECT("leak:^fib.c$", "E");
    EXPECT("leak:^/home/me/*.c$", "BDE");
    EXPECT("leak:plugin.so", "F");
    EXPECT("leak:^/opt/", "F");
    EXPECT("leak:libstdc++", "B");
    EXPECT("leak:fib\nleak:plugin", "EF");
    EXPECT("leak:$", "BDEF");
    EXPECT("", "");
}

/* The one that is nearest to the allocation is named. */
static void names(void)
{
    static const char text[] = "leak:main\nleak:push_*\nleak:vector";
    struct tare__suppressions some = {0};
    struct tare__suppression_error error;
    struct tare__process one = process;
    CHECK_EQUAL(tare__suppressions_add(&some, text, sizeof text - 1, &error), 0);
    CHECK_EQUAL(tare__suppress(&some, &one), 0);
    CHECK(strcmp(sites[1].suppressed_by, "vector") == 0);
    CHECK(strcmp(sites[4].suppressed_by, "main") == 0);
    CHECK(sites[0].suppressed_by == NULL && sites[2].suppressed_by == NULL);
    tare__suppressions_free(&some);
}

static void files(void)
{
    char path[] = "suppressions.XXXXXX";
    struct tare__suppressions some = {0};
    struct tare__suppression_error error;
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, "leak:a\nx\n", 9) == 9);
    close(file);
    CHECK_EQUAL(tare__suppressions_read(&some, path, &error), EINVAL);
    CHECK_EQUAL(error.line, 2);
    CHECK_EQUAL(some.count, 1);
    CHECK(unlink(path) == 0);
    CHECK_EQUAL(tare__suppressions_read(&some, path, &error), ENOENT);
    CHECK_EQUAL(error.line, 0);
    CHECK_EQUAL(tare__suppressions_read(&some, ".", &error), EISDIR);
    CHECK_EQUAL(tare__suppressions_read(&some, "/dev/null", &error), 0);
    CHECK_EQUAL(some.count, 1);
    tare__suppressions_free(&some);
}

int main(void)
{
    process = build_process();
    patterns();
    lines();
    covers();
    names();
    files();
    return 0;
}
