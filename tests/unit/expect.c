/* SPDX-License-Identifier: MIT */
/*
 * Expectations: which figures pass, what the message says, who is told. Every
 * check on a bound is made for every statistic of the list.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

/* What the handler was told last. */
static struct {
    int calls;
    void *context;
    char message[4096];
    char file[512];
    char function[64];
    int line;
    int error;
    bool had_stats;
    tare_stats stats;
} told;

static void remember(const tare_failure *failure, void *context)
{
    told.calls++;
    told.context = context;
    snprintf(told.message, sizeof told.message, "%s", failure->message);
    snprintf(told.file, sizeof told.file, "%s", failure->file != NULL ? failure->file : "");
    snprintf(told.function, sizeof told.function, "%s", failure->function != NULL ? failure->function : "");
    told.line = failure->line;
    told.error = failure->error;
    told.had_stats = failure->stats != NULL;
    if (told.had_stats)
        told.stats = *failure->stats;
}

static void forget(void)
{
    memset(&told, 0, sizeof told);
}

/* The one row of the table that has this name; "" if there is none. */
static const char *row(const char *name)
{
    static char line[256];
    for (const char *at = told.message; *at != '\0'; at = strchr(at, '\n') + 1) {
        CHECK(strchr(at, '\n') != NULL); /* ends in a newline */
        size_t length = strlen(name);
        if (strncmp(at + 2, name, length) == 0 && at[2 + length] == ' ') {
            snprintf(line, sizeof line, "%.*s", (int)(strchr(at, '\n') - at), at);
            return line;
        }
    }
    return "";
}

static void check_row(const char *name, char mark, const char *expected, int64_t actual)
{
    char end[32];
    const char *line = row(name);
    CHECK_EQUAL(line[0], mark);
    CHECK_CONTAINS(line, expected);
    int length = snprintf(end, sizeof end, " %" PRId64, actual);
    CHECK(strcmp(line + strlen(line) - (size_t)length, end) == 0);
}

/* ---- Bounds ------------------------------------------------------------- */

static void check_passes(bool passes, bool result)
{
    CHECK_EQUAL(result, passes);
    CHECK_EQUAL(told.calls, passes ? 0 : 1);
}

/* Each constructor at its ends and one beyond, for the statistic `name`. */
#define CHECK_BOUND(name, bound, value, passes)                                                                        \
    do {                                                                                                               \
        tare_stats stats_ = {0};                                                                                       \
        *(int64_t *)&stats_.name = (value); /* signed or not */                                                        \
        forget();                                                                                                      \
        check_passes(passes, tare_check(&stats_, .name = (bound)));                                                    \
    } while (0)

#define CHECK_BOUNDS(type, name, unit, text)                                                                           \
    CHECK_BOUND(name, tare_exactly(100), 99, false);                                                                   \
    CHECK_BOUND(name, tare_exactly(100), 100, true);                                                                   \
    CHECK_BOUND(name, tare_exactly(100), 101, false);                                                                  \
    check_row(#name, '!', "exactly 100", 101);                                                                         \
    CHECK_BOUND(name, tare_at_most(100), 0, true);                                                                     \
    CHECK_BOUND(name, tare_at_most(100), 100, true);                                                                   \
    CHECK_BOUND(name, tare_at_most(100), 101, false);                                                                  \
    check_row(#name, '!', "at most 100", 101);                                                                         \
    CHECK_BOUND(name, tare_at_least(100), 99, false);                                                                  \
    check_row(#name, '!', "at least 100", 99);                                                                         \
    CHECK_BOUND(name, tare_at_least(100), 100, true);                                                                  \
    CHECK_BOUND(name, tare_at_least(100), INT64_MAX, true);                                                            \
    CHECK_BOUND(name, tare_between(100, 102), 99, false);                                                              \
    check_row(#name, '!', "between 100 and 102", 99);                                                                  \
    CHECK_BOUND(name, tare_between(100, 102), 100, true);                                                              \
    CHECK_BOUND(name, tare_between(100, 102), 102, true);                                                              \
    CHECK_BOUND(name, tare_between(100, 102), 103, false);                                                             \
    check_row(#name, '!', "between 100 and 102", 103);                                                                 \
    CHECK_BOUND(name, tare_none, 0, true);                                                                             \
    CHECK_BOUND(name, tare_none, 1, false);                                                                            \
    check_row(#name, '!', "exactly 0", 1);                                                                             \
    CHECK_BOUND(name, tare_at_most(0), 0, true);                                                                       \
    CHECK_BOUND(name, tare_at_least(0), 0, true);                                                                      \
    CHECK_BOUND(name, ((tare_bound){0, 0, false}), 12345, true); /* nothing said */

static void check_bounds(void)
{
    TARE_STATISTICS(CHECK_BOUNDS)
    CHECK_BOUND(bytes_reallocated, tare_at_least(-100), -100, true);
    CHECK_BOUND(bytes_reallocated, tare_at_least(-100), -101, false);
    CHECK_BOUND(bytes_reallocated, tare_at_most(-1), 0, false);
    CHECK_BOUND(bytes_reallocated, tare_exactly(-5), -5, true);
}

/* A low end above the high one is a mistake in the test itself. */
#define CHECK_INVERTED(type, name, unit, text)                                                                         \
    forget();                                                                                                          \
    CHECK(!tare_check(&stats, .name = tare_between(2, 1)));                                                            \
    CHECK_EQUAL(told.calls, 1);                                                                                        \
    CHECK_EQUAL(told.error, TARE_ERROR_BAD_BOUND);                                                                     \
    CHECK_CONTAINS(told.message, tare_error_text(TARE_ERROR_BAD_BOUND));

static void check_inverted_bounds(void)
{
    const tare_stats stats = {.allocations = 1};
    TARE_STATISTICS(CHECK_INVERTED)

    forget();
    bool ran = false;
    int line = __LINE__ + 1;
    tare_expect(.allocations = tare_between(2, 1))
        ran = true;
    CHECK_EQUAL(told.calls, 1); /* at the head, and not again at the end */
    CHECK_EQUAL(told.error, TARE_ERROR_BAD_BOUND);
    CHECK_EQUAL(told.line, line);
    CHECK(!told.had_stats);
    CHECK(ran);
}

/* ---- The message -------------------------------------------------------- */

static void check_message(void)
{
    forget();
    tare_expect(.allocations = tare_at_most(1), .peak_bytes = tare_at_most(4096), .leaked_bytes = tare_none,
                .name = "two blocks") {
        free(malloc(10));
        free(malloc(20));
    }
    int line = __LINE__ - 1;
    CHECK_EQUAL(told.calls, 1);
    CHECK_EQUAL(told.error, 0);
    CHECK(strcmp(told.file, __FILE__) == 0);
    CHECK(strcmp(told.function, __func__) == 0);
    CHECK(told.line < line && told.line >= line - 5); /* a compiler says the first or the last line of the macro */
    CHECK(told.had_stats);
    CHECK_EQUAL(told.stats.allocations, 2);
    CHECK_EQUAL(told.stats.bytes_allocated, 30);

    char place[600];
    snprintf(place, sizeof place, "tare: %s:%d: in %s: expectation failed: two blocks\n", __FILE__, told.line,
             __func__);
    CHECK(strncmp(told.message, place, strlen(place)) == 0);
    CHECK_CONTAINS(row("statistic"), "expected");
    CHECK_CONTAINS(row("statistic"), "actual");
    check_row("allocations", '!', "at most 1", 2);
    check_row("peak_bytes", ' ', "at most 4096", 20); /* what holds is shown and not marked */
    check_row("leaked_bytes", ' ', "exactly 0", 0);
    CHECK(row("deallocations")[0] == '\0'); /* of which nothing was said */
    CHECK_CONTAINS(told.message, "measured by: " CHECK_LINK_MODE "\n");

    /* The columns of all rows stand below their heads. */
    long expected_at = strstr(row("statistic"), "expected") - row("statistic");
    long actual_at = strstr(row("statistic"), "actual") - row("statistic");
    CHECK_EQUAL(strstr(row("allocations"), "at most") - row("allocations"), expected_at);
    CHECK_EQUAL(strstr(row("leaked_bytes"), "exactly") - row("leaked_bytes"), expected_at);
    CHECK_EQUAL(row("allocations")[actual_at], '2');
    CHECK_EQUAL(row("allocations")[actual_at - 1], ' ');
}

/* All statistics, every reason and wide bounds: it still fits. */
static void check_longest_message(void)
{
    tare_stats stats = {.inexact = ((1u << TARE_INEXACT_COUNT) - 1) & ~(uint32_t)TARE_INEXACT_NOT_ATTACHED};
    tare_expectation all = {.name = "a name"};
#define WIDEST(type, name, unit, text)                                                                                 \
    all.name = tare_between(INT64_MIN + 1, INT64_MAX - 1);                                                             \
    stats.name = (type)INT64_MIN;
    TARE_STATISTICS(WIDEST)
#undef WIDEST
    all.name = "a name";
    forget();
    CHECK(!tare_check_(&stats, &all, (tare_here_){__FILE__, __func__, __LINE__}));
    CHECK_CONTAINS(told.message, "measured by: " CHECK_LINK_MODE "\n");
#define ROW(type, statistic, unit, text) check_row(#statistic, '!', "between -9223372036854775807 and", INT64_MIN);
    TARE_STATISTICS(ROW)
#undef ROW
}

#define CHECK_NOT_JUDGED(reason, text)                                                                                 \
    stats.inexact = TARE_INEXACT_##reason;                                                                             \
    forget();                                                                                                          \
    CHECK(!tare_check(&stats, .allocations = tare_exactly(5)));                                                        \
    CHECK_EQUAL(told.calls, 1);                                                                                        \
    CHECK_EQUAL(told.error, 0);                                                                                        \
    CHECK_CONTAINS(told.message, "can't be judged");                                                                   \
    CHECK_CONTAINS(told.message, text);

/* An inexact result fails even an expectation that its figures meet. */
static void check_inexact(void)
{
    tare_stats stats = {.allocations = 5};
    TARE_INEXACT_REASONS(CHECK_NOT_JUDGED)
    stats.inexact = 0;
    forget();
    CHECK(tare_check(&stats, .allocations = tare_exactly(5)));
    CHECK_EQUAL(told.calls, 0);
}

/* ---- Blocks ------------------------------------------------------------- */

static void check_blocks(void)
{
    void *block = NULL;
    void *volatile large = NULL;
    volatile size_t too_much = SIZE_MAX / 2;

#define CHECK_CALLS(expected)                                                                                          \
    CHECK_EQUAL(told.calls, expected);                                                                                 \
    forget()
    tare_expect_no_allocations()
        too_much++;
    CHECK_CALLS(0);
    tare_expect_no_allocations()
        block = malloc(10);
    CHECK_CALLS(1);
    tare_expect_no_allocations()
        free(block);
    CHECK_CALLS(0);
    tare_expect_no_allocations()
        block = calloc(2, 5);
    CHECK_CALLS(1);
    tare_expect_no_allocations()
        block = realloc(block, 1000);
    check_row("reallocations", '!', "exactly 0", 1);
    CHECK_CALLS(1);
    free(block);
    tare_expect_no_allocations()
        large = malloc(too_much);
    CHECK(large == NULL);
    check_row("failed_allocations", '!', "exactly 0", 1);
    CHECK_CALLS(1);

    tare_expect_no_leaks()
        free(malloc(10));
    CHECK_CALLS(0);
    tare_expect_no_leaks()
        block = malloc(10);
    check_row("leaked_allocations", '!', "exactly 0", 1);
    check_row("leaked_bytes", '!', "exactly 0", 10);
    CHECK_CALLS(1);
    free(block);
    tare_expect_no_leaks()
        block = malloc(0); /* no byte, but a block */
    CHECK_CALLS(1);
    free(block);

    /* Nested: each is judged by its own. */
    tare_expect(.allocations = tare_exactly(2)) {
        free(malloc(1));
        tare_expect(.allocations = tare_exactly(1))
            free(malloc(1));
    }
    CHECK_CALLS(0);

    /* Left early: judged all the same. */
    for (int i = 0; i < 2; i++) {
        tare_expect_no_allocations() {
            if (i == 0)
                break;
            free(malloc(1));
        }
    }
    CHECK_CALLS(1);
}

/* ---- The handler -------------------------------------------------------- */

static void ignore(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
}

static void check_setting(void)
{
    int context = 0;
    tare_failure_handler old_handler = NULL;
    void *old_context = NULL;
    tare_set_failure_handler(ignore, &context, &old_handler, &old_context);
    CHECK(old_handler == remember && old_context == &told);
    tare_set_failure_handler(remember, &context, &old_handler, &old_context);
    CHECK(old_handler == ignore && old_context == &context);
    const tare_stats stats = {.allocations = 1};
    forget();
    tare_check(&stats, .allocations = tare_none);
    CHECK(told.context == &context);
    tare_set_failure_handler(remember, &told, NULL, NULL);
}

static jmp_buf framework;
static bool scope_was_closed;

/* As a test framework does: allocates, measures and jumps out. */
static void jump(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
    tare_stats stats;
    tare_measure(&stats)
        free(malloc(10));
    scope_was_closed = stats.allocations == 1;
    longjmp(framework, 1);
}

static void check_jumping_handler(void)
{
    tare_set_failure_handler(jump, NULL, NULL, NULL);
    volatile int jumps = 0, reached = 0;
    for (volatile int i = 0; i < 3; i++) {
        if (setjmp(framework) == 0) {
            tare_expect_no_allocations()
                free(malloc(10));
            reached = 1;
        } else {
            jumps++;
        }
    }
    CHECK_EQUAL(jumps, 3);
    CHECK(!reached);
    CHECK(scope_was_closed);
    tare_set_failure_handler(remember, &told, NULL, NULL);

    forget(); /* and the next scope is exact */
    tare_expect(.allocations = tare_exactly(1), .deallocations = tare_exactly(1))
        free(malloc(10));
    CHECK_EQUAL(told.calls, 0);
}

/* Runs function in a child; returns its status and what it printed. */
static int in_child(void (*function)(void), char *printed, size_t size)
{
    int ends[2], status = 0;
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        function();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length < size - 1 && (got = read(ends[0], printed + length, size - 1 - length)) > 0)
        length += (size_t)got;
    printed[length] = '\0';
    close(ends[0]);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    return status;
}

static void violate(void)
{
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
    tare_expect(.allocations = tare_none, .name = "by default")
        free(malloc(10));
}

static void hold(void)
{
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
    tare_expect(.allocations = tare_exactly(1), .leaked_bytes = tare_none)
        free(malloc(10));
    tare_expect_no_allocations() {
    }
    tare_expect_no_leaks()
        free(malloc(10));
    const tare_stats stats = {.allocations = 1};
    CHECK(tare_check(&stats, .allocations = tare_exactly(1)));
}

static void check_default_handler(void)
{
    char printed[4096];
    int status = in_child(violate, printed, sizeof printed);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strncmp(printed, "tare: ", 6) == 0);
    CHECK_CONTAINS(printed, "expectation failed: by default\n");
    CHECK_CONTAINS(printed, "in violate: ");
    CHECK_CONTAINS(printed, "! allocations");

    status = in_child(hold, printed, sizeof printed);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(printed[0] == '\0');
}

int main(void)
{
    tare_failure_handler handler = ignore;
    void *context = &told;
    tare_set_failure_handler(remember, &told, &handler, &context);
    CHECK(handler == NULL && context == NULL); /* the default */

    check_bounds();
    check_inverted_bounds();
    check_message();
    check_longest_message();
    check_inexact();
    check_blocks();
    check_setting();
    check_jumping_handler();
    check_default_handler();
    return 0;
}
