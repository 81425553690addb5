/* SPDX-License-Identifier: MIT */
/*
 * What a sweep has found: first the points that fail, each with its call stack, what came of it, and the
 * commands that bring it again; then the others, a line each.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "explain.h"
#include "failure.h"
#include "fault_stacks.h"
#include "fault_sweep.h"
#include "message.h"
#include "os.h"
#include "start.h"
#include "text.h"

enum { FULL_MAX = 20, LINES_MAX = 100, TEXT_BYTES = 1 << 20 };
_Static_assert(FULL_MAX *(1 + TARE__FAULT_MODES * (int)TARE__FAULT_LEAKS) <= TARE__STACKS_MAX, "there is room");
_Static_assert(LINES_MAX <= TARE__STACKS_MAX, "there is room");

static const char *const verdict_words[] = {
    [TARE__VERDICT_PASSED] = "passed",
    [TARE__VERDICT_CRASHED] = "crashed",
    [TARE__VERDICT_HUNG] = "hung",
    [TARE__VERDICT_LEAKED] = "leaked",
    [TARE__VERDICT_DOUBLE_FREE] = "double free",
    [TARE__VERDICT_WRONG_SUCCESS] = "wrong success",
    [TARE__VERDICT_FAILED] = "failed",
    [TARE__VERDICT_NOT_REACHED] = "not reached",
};

static const char *const place_words[] = {
    [TARE__FAULT_IN_PROGRAM] = "",
    [TARE__FAULT_IN_LIBC] = ", in libc",
    [TARE__FAULT_IN_LOADER] = ", in the loader",
    [TARE__FAULT_IN_TLS] = ", for TLS",
    [TARE__FAULT_IN_NSS] = ", in NSS",
};

/* ---- Points ------------------------------------------------------------------ */

static bool fails_in(const struct tare__fault_point *point, unsigned mode)
{
    return point->runs[mode].verdict > TARE__VERDICT_PASSED;
}

static bool fails(const struct tare__fault_point *point)
{
    return fails_in(point, TARE__FAULT_ONCE) || fails_in(point, TARE__FAULT_FOREVER);
}

static bool was_run(const struct tare__fault_point *point)
{
    return point->runs[TARE__FAULT_ONCE].verdict != 0 || point->runs[TARE__FAULT_FOREVER].verdict != 0;
}

static bool same_leaks(const struct tare__fault_run *one, const struct tare__fault_run *other)
{
    bool same = one->leak_count == other->leak_count;
    for (uint32_t i = 0; i < tare__stacks_leaks(one) && same; i++)
        same = one->leaks[i].point == other->leaks[i].point && one->leaks[i].blocks == other->leaks[i].blocks &&
               one->leaks[i].bytes == other->leaks[i].bytes;
    return same;
}

/* Both modes came out alike, and are told once. */
static bool alike(const struct tare__fault_point *point)
{
    const struct tare__fault_run *once = &point->runs[TARE__FAULT_ONCE], *forever = &point->runs[TARE__FAULT_FOREVER];
    return once->verdict == forever->verdict && once->status == forever->status &&
           once->leaked_blocks == forever->leaked_blocks && once->leaked_bytes == forever->leaked_bytes &&
           same_leaks(once, forever) && memcmp(&once->stack, &forever->stack, sizeof once->stack) == 0;
}

static bool is_told(const struct tare__fault_point *point, unsigned mode)
{
    return fails_in(point, mode) && (mode == TARE__FAULT_ONCE || !alike(point));
}

/* The first of the points that fail and are of the same call stack stands for all of them. */
static bool stands_for_stack(const struct tare_sweep_ *sweep, uint32_t number)
{
    const struct tare__fault_point *point = &sweep->faults.points[number];
    for (uint32_t i = 0; i < number; i++)
        if (sweep->faults.points[i].stack_id == point->stack_id && fails(&sweep->faults.points[i]))
            return false;
    return true;
}

static uint32_t count_of_stack(const struct tare_sweep_ *sweep, uint64_t stack_id)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sweep->faults.point_count; i++)
        count += sweep->faults.points[i].stack_id == stack_id && fails(&sweep->faults.points[i]);
    return count;
}

static uint32_t choose_full(const struct tare_sweep_ *sweep, uint32_t *numbers, uint32_t *all)
{
    uint32_t count = 0;
    *all = 0;
    for (uint32_t i = 0; i < sweep->faults.point_count; i++)
        if (fails(&sweep->faults.points[i]) && stands_for_stack(sweep, i) && (*all)++ < FULL_MAX)
            numbers[count++] = i;
    return count;
}

static struct tare__stacks explain_failing(const struct tare_sweep_ *sweep, const uint32_t *numbers, uint32_t count)
{
    struct tare__stack_addresses addresses = tare__stacks_begin();
    for (uint32_t i = 0; i < count && addresses.all != NULL; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[numbers[i]];
        tare__stacks_put(&addresses, &point->stack);
        for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
            if (is_told(point, mode))
                tare__stacks_put_run(&addresses, sweep, &point->runs[mode]);
    }
    return tare__stacks_explain(&addresses);
}

/* ---- What came of one --------------------------------------------------------- */

static void add_signal(struct tare__text *text, int status)
{
    const char *name = sigabbrev_np(WTERMSIG(status));
    tare__text_add(text, " by SIG");
    tare__text_add(text, name != NULL ? name : "?");
}

static void add_amount(struct tare__text *text, int64_t blocks, int64_t bytes)
{
    tare__text_add_signed(text, bytes);
    tare__text_add(text, bytes == 1 ? " byte in " : " bytes in ");
    tare__text_add_signed(text, blocks);
    tare__text_add(text, blocks == 1 ? " block" : " blocks");
}

static void add_check(struct tare__text *text, const struct tare__sweep_check *check, int status)
{
    if (check->condition == NULL) {
        tare__text_add(text, ": the block ended the process with status ");
        tare__text_add_signed(text, WEXITSTATUS(status));
        return;
    }
    tare__text_add(text, ": ");
    tare__text_add(text, check->condition);
    tare__text_add(text, " at ");
    tare__text_add(text, check->file);
    tare__text_add(text, ":");
    tare__text_add_signed(text, check->line);
}

static void add_verdict(struct tare__text *text, const struct tare__fault_run *run,
                        const struct tare__sweep_outcome *outcome)
{
    tare__text_add(text, verdict_words[run->verdict]);
    if (run->verdict == TARE__VERDICT_CRASHED)
        add_signal(text, run->status);
    if (run->verdict == TARE__VERDICT_LEAKED) {
        tare__text_add(text, " ");
        add_amount(text, run->leaked_blocks, run->leaked_bytes);
    }
    if (run->verdict == TARE__VERDICT_FAILED || run->verdict == TARE__VERDICT_WRONG_SUCCESS)
        add_check(text, &outcome->check, run->status);
}

static void add_said(struct tare__text *text, const char *said)
{
    while (*said != '\0') {
        char line[TARE__SAID_BYTES];
        size_t length = strcspn(said, "\n");
        memcpy(line, said, length);
        line[length] = '\0';
        tare__text_add(text, "    said: ");
        tare__text_add(text, line);
        tare__text_add(text, "\n");
        said += length + (said[length] == '\n');
    }
}

/* Those of tare__stacks_put_run(). Several leaks have a line each. */
static void add_stacks(struct tare__text *text, const struct tare__fault_run *run, struct tare__stacks *stacks)
{
    if (run->verdict == TARE__VERDICT_CRASHED || run->verdict == TARE__VERDICT_HUNG ||
        run->verdict == TARE__VERDICT_DOUBLE_FREE)
        tare__stacks_add_next(text, stacks);
    for (uint32_t i = 0; i < tare__stacks_leaks(run) && run->verdict == TARE__VERDICT_LEAKED; i++) {
        if (run->leak_count > 1) {
            tare__text_add(text, "   ");
            add_amount(text, run->leaks[i].blocks, run->leaks[i].bytes);
            tare__text_add(text, "\n");
        }
        tare__stacks_add_next(text, stacks);
    }
}

static void add_run(struct tare__text *text, const struct tare_sweep_ *sweep, uint32_t number, unsigned mode,
                    struct tare__stacks *stacks)
{
    const struct tare__fault_point *point = &sweep->faults.points[number];
    const struct tare__sweep_outcome *outcome = &sweep->outcomes[number][mode];
    tare__text_add(text, "  ");
    tare__text_add(text, alike(point) ? "once and forever" : tare__fault_mode_names[mode]);
    tare__text_add(text, ": ");
    add_verdict(text, &point->runs[mode], outcome);
    tare__text_add(text, "\n");
    add_stacks(text, &point->runs[mode], stacks);
    add_said(text, outcome->said);
    tare__replay_add_commands(text, &sweep->here, point->id, (enum tare__fault_mode)mode);
}

static void add_id(struct tare__text *text, const struct tare__fault_point *point)
{
    tare__text_add_unsigned(text, point->size);
    tare__text_add(text, point->size == 1 ? " byte, allocation " : " bytes, allocation ");
    tare__text_add_unsigned(text, point->ordinal);
    tare__text_add(text, place_words[point->place]);
}

static void add_full(struct tare__text *text, const struct tare_sweep_ *sweep, uint32_t number,
                     struct tare__stacks *stacks)
{
    const struct tare__fault_point *point = &sweep->faults.points[number];
    uint32_t more = count_of_stack(sweep, point->stack_id) - 1;
    tare__text_add(text, "where this fails: ");
    add_id(text, point);
    if (more != 0) {
        tare__text_add(text, ", and ");
        tare__text_add_unsigned(text, more);
        tare__text_add(text, " more from here that fail");
    }
    tare__text_add(text, "\n");
    tare__stacks_add_next(text, stacks);
    for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
        if (is_told(point, mode))
            add_run(text, sweep, number, mode, stacks);
}

/* ---- The rest ----------------------------------------------------------------- */

enum { BRIEF_FRAMES = 3 };

static bool is_passed(const struct tare__fault_point *point)
{
    return !fails(point) && was_run(point);
}

static struct tare__stacks explain_passed(const struct tare_sweep_ *sweep)
{
    struct tare__stack_addresses addresses = tare__stacks_begin();
    uint32_t lines = 0;
    for (uint32_t i = 0; i < sweep->faults.point_count && lines < LINES_MAX && addresses.all != NULL; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[i];
        if (!is_passed(point))
            continue;
        struct tare__fault_stack brief = point->stack;
        brief.count = brief.count < BRIEF_FRAMES ? brief.count : BRIEF_FRAMES;
        tare__stacks_put(&addresses, &brief);
        lines++;
    }
    return tare__stacks_explain(&addresses);
}

/* The next stack in one line: what its lines say behind their number. */
static void add_brief(struct tare__text *text, struct tare__stacks *stacks)
{
    char lines[4096];
    struct tare__text all = tare__text_in(lines, sizeof lines);
    tare__stacks_add_next(&all, stacks);
    const char *before = "  ";
    for (const char *line = lines; *line != '\0';) {
        char place[sizeof lines];
        size_t length = strcspn(line, "\n");
        const char *number = memchr(line, '#', length);
        const char *name = number != NULL ? memchr(number, ' ', length - (size_t)(number - line)) : NULL;
        size_t bytes = name != NULL ? length - (size_t)(++name - line) : 0;
        if (name != NULL)
            memcpy(place, name, bytes);
        place[bytes] = '\0';
        tare__text_add(text, before);
        tare__text_add(text, place);
        before = ", by ";
        line += length + (line[length] == '\n');
    }
}

static enum tare__fault_mode first_mode(const struct tare__fault_point *point)
{
    return point->runs[TARE__FAULT_ONCE].verdict != 0 ? TARE__FAULT_ONCE : TARE__FAULT_FOREVER;
}

static void add_passed(struct tare__text *text, const struct tare_sweep_ *sweep)
{
    uint32_t lines = 0, left = 0;
    struct tare__stacks stacks = explain_passed(sweep);
    for (uint32_t i = 0; i < sweep->faults.point_count; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[i];
        if (!is_passed(point))
            continue;
        if (lines == LINES_MAX) {
            left++;
            continue;
        }
        if (lines++ == 0) {
            tare__text_add(text, "passed, each with its ID; the first once more:\n");
            tare__replay_add_commands(text, &sweep->here, point->id, first_mode(point));
        }
        tare__text_add(text, "  ");
        tare__replay_add_id(text, point->id);
        tare__text_add(text, "  ");
        add_id(text, point);
        add_brief(text, &stacks);
        tare__text_add(text, "\n");
    }
    if (left != 0) {
        tare__text_add(text, "  and ");
        tare__text_add_unsigned(text, left);
        tare__text_add(text, " more\n");
    }
    tare__stacks_forget(&stacks);
}

static void add_count(struct tare__text *text, uint64_t count, const char *one, const char *several)
{
    tare__text_add_unsigned(text, count);
    tare__text_add(text, " ");
    tare__text_add(text, count == 1 ? one : several);
}

static void add_head(struct tare__text *text, const struct tare_sweep_ *sweep, const char *what)
{
    tare__text_add(text, "tare: ");
    tare__text_add(text, sweep->here.file);
    tare__text_add(text, ":");
    tare__text_add_signed(text, sweep->here.line);
    tare__text_add(text, ": in ");
    tare__text_add(text, sweep->here.function);
    tare__text_add(text, ": ");
    tare__text_add(text, what);
    if (sweep->options.name != NULL) {
        tare__text_add(text, ": ");
        tare__text_add(text, sweep->options.name);
    }
    tare__text_add(text, "\n");
}

static void add_summary(struct tare__text *text, const tare_fault_result *result)
{
    tare__text_add(text, "  ");
    add_count(text, result->points, "point of ", "points of ");
    add_count(text, result->allocations, "allocation from ", "allocations from ");
    add_count(text, result->stacks, "call stack; ", "call stacks; ");
    add_count(text, result->runs, "run", "runs");
    const char *before = ": ";
#define ADD(name, field, meaning)                                                                                      \
    if (result->field != 0) {                                                                                          \
        tare__text_add(text, before);                                                                                  \
        tare__text_add_unsigned(text, result->field);                                                                  \
        tare__text_add(text, " ");                                                                                     \
        tare__text_add(text, verdict_words[TARE__VERDICT_##name]);                                                     \
        before = ", ";                                                                                                 \
    }
    TARE_FAULT_VERDICTS(ADD)
#undef ADD
    tare__text_add(text, "\n");
    if (result->left_out != 0) {
        tare__text_add(text, "  ");
        add_count(text, result->left_out, "point was", "points were");
        tare__text_add(text, " left out, for the limit: an even sample was run\n");
    }
    if (result->apart != 0) {
        tare__text_add(text, "  ");
        add_count(text, result->apart, "call stack", "call stacks");
        tare__text_add(text, " of the loader, TLS and NSS were not run (.everywhere runs them)\n");
    }
}

static void tell(const struct tare_sweep_ *sweep, const char *message, int error)
{
    tare__fail(&(tare_failure){
        .message = message,
        .file = sweep->here.file,
        .function = sweep->here.function,
        .line = sweep->here.line,
        .error = error,
    });
}

static void add_tail(struct tare__text *text)
{
    tare__text_add(text, "measured by: ");
    tare__text_add(text, tare__link_mode());
    tare__text_add(text, "\n");
    tare__end_message(text);
}

void tare__sweep_fail(const struct tare_sweep_ *sweep, const tare_fault_result *result)
{
    char small[TARE__MESSAGE_BYTES];
    char *large = tare__message_take(TEXT_BYTES);
    struct tare__text text = large != NULL ? tare__text_in(large, TEXT_BYTES) : tare__text_in(small, sizeof small);
    uint32_t numbers[FULL_MAX], all;
    uint32_t count = choose_full(sweep, numbers, &all);
    struct tare__stacks stacks = explain_failing(sweep, numbers, count);
    add_head(&text, sweep, "fault sweep failed");
    add_summary(&text, result);
    for (uint32_t i = 0; i < count; i++)
        add_full(&text, sweep, numbers[i], &stacks);
    if (all > count) {
        tare__text_add(&text, "and ");
        add_count(&text, all - count, "more call stack fails\n", "more call stacks fail\n");
    }
    add_passed(&text, sweep);
    if (stacks.text != NULL && !stacks.named)
        tare__text_add(&text, "no functions and lines: the program is static, or there is no libtare-explain\n");
    add_tail(&text);
    tare__stacks_forget(&stacks);
    bool unsteady = result->not_reached + result->passed == result->runs;
    tell(sweep, text.buffer, unsteady ? TARE_ERROR_UNSTEADY : 0);
    if (large != NULL)
        tare__message_give(large);
}

/* ---- A block that fails by itself ---------------------------------------------- */

void tare__sweep_fail_spoiled(const struct tare_sweep_ *sweep, const struct tare__sweep_end *end)
{
    char message[2 * TARE__MESSAGE_BYTES];
    struct tare__text text = tare__text_in(message, sizeof message);
    struct tare__fault_run run = {.verdict = TARE__VERDICT_FAILED, .status = end->status};
    if (end->hung)
        run.verdict = TARE__VERDICT_HUNG;
    else if (WIFSIGNALED(end->status))
        run.verdict = TARE__VERDICT_CRASHED;
    struct tare__sweep_outcome outcome = {.check = sweep->run.failed};
    add_head(&text, sweep, tare_error_text(TARE_ERROR_SPOILED));
    tare__text_add(&text, "  it ");
    add_verdict(&text, &run, &outcome);
    tare__text_add(&text, "\n");
    uintptr_t all[TARE__FAULT_FRAMES + 1];
    struct tare__stack_addresses addresses = {all, 0};
    tare__stacks_put_crash(&addresses, &sweep->faults.run.stack);
    if (run.verdict != TARE__VERDICT_FAILED && addresses.count > 1)
        tare__explain_stack(&text, addresses.all, addresses.count - 1);
    add_tail(&text);
    tell(sweep, message, TARE_ERROR_SPOILED);
}
