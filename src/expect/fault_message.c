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
#include "fault_sweep.h"
#include "message.h"
#include "os.h"
#include "start.h"
#include "text.h"

enum {
    FULL_MAX = 20,
    LINES_MAX = 100,
    TEXT_BYTES = 1 << 20,
    STACKS_MAX = FULL_MAX * (1 + TARE__FAULT_MODES * TARE__FAULT_LEAKS)
};

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

/* ---- Commands ---------------------------------------------------------------- */

static bool is_plain(const char *word)
{
    return *word != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                              "_-+=:,./@%")] == '\0';
}

/* As a word of the shell's. */
static void add_word(struct tare__text *text, const char *word)
{
    if (is_plain(word)) {
        tare__text_add(text, word);
        return;
    }
    tare__text_add(text, "'");
    for (; *word != '\0'; word++) {
        const char letter[2] = {*word, '\0'};
        tare__text_add(text, *word == '\'' ? "'\\''" : letter);
    }
    tare__text_add(text, "'");
}

static void add_command_line(struct tare__text *text)
{
    char **arguments = tare__os_arguments();
    char program[4096];
    if (arguments == NULL || arguments[0] == NULL)
        return;
    tare__os_program_path(program, sizeof program);
    bool has_path = strchr(arguments[0], '/') != NULL;
    for (int i = 0; arguments[i] != NULL; i++) {
        tare__text_add(text, " ");
        add_word(text, i == 0 && !has_path && program[0] != '\0' ? program : arguments[i]);
    }
}

static void add_replay(struct tare__text *text, const struct tare_sweep_ *sweep, uint64_t id,
                       enum tare__fault_mode mode)
{
    char value[4096];
    struct tare__text word = tare__text_in(value, sizeof value);
    tare__replay_add(&word, &sweep->here, id, mode);
    tare__text_add(text, "TARE_FAULT_REPLAY=");
    add_word(text, value);
}

static void add_commands(struct tare__text *text, const struct tare_sweep_ *sweep, uint64_t id,
                         enum tare__fault_mode mode)
{
    tare__text_add(text, "    replay: ");
    add_replay(text, sweep, id, mode);
    add_command_line(text);
    tare__text_add(text, "\n    in gdb: ");
    add_replay(text, sweep, id, mode);
    tare__text_add(text, " gdb -q -ex 'set breakpoint pending on' -ex 'break tare_fault_here' -ex run --args");
    add_command_line(text);
    tare__text_add(text, "\n");
}

/* ---- Stacks ------------------------------------------------------------------ */

/* All of them are explained at once; here they are handed out in order. */
struct stacks {
    char *text;
    size_t bytes;
    const char *next;
};

struct addresses {
    uintptr_t *all;
    uint32_t count;
};

static void put_stack(struct addresses *addresses, const struct tare__fault_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++)
        addresses->all[addresses->count++] = stack->addresses[i];
    addresses->all[addresses->count++] = 0;
}

/* Where the signal came is no return address. */
static void put_crash(struct addresses *addresses, const struct tare__fault_stack *stack)
{
    uint32_t first = addresses->count;
    put_stack(addresses, stack);
    addresses->all[first] += stack->count != 0;
}

static uint32_t leaks_of(const struct tare__fault_run *run)
{
    return run->leak_count < TARE__FAULT_LEAKS ? run->leak_count : TARE__FAULT_LEAKS;
}

static void put_run(struct addresses *addresses, const struct tare_sweep_ *sweep, const struct tare__fault_run *run)
{
    if (run->verdict == TARE__VERDICT_CRASHED || run->verdict == TARE__VERDICT_HUNG)
        put_crash(addresses, &run->stack);
    if (run->verdict == TARE__VERDICT_DOUBLE_FREE)
        put_stack(addresses, &run->stack);
    for (uint32_t i = 0; i < leaks_of(run) && run->verdict == TARE__VERDICT_LEAKED; i++)
        put_stack(addresses, &sweep->faults.points[run->leaks[i].point].stack);
}

static void add_next_stack(struct tare__text *text, struct stacks *stacks)
{
    if (stacks->next == NULL)
        return;
    while (*stacks->next != '\0' && *stacks->next != '\n') {
        char line[4096];
        size_t length = strcspn(stacks->next, "\n"), kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, stacks->next, kept);
        line[kept] = '\0';
        tare__text_add(text, line);
        tare__text_add(text, "\n");
        stacks->next += length + (stacks->next[length] == '\n');
    }
    stacks->next += *stacks->next == '\n';
}

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

/* Both modes came out alike, and are told once. */
static bool alike(const struct tare__fault_point *point)
{
    const struct tare__fault_run *once = &point->runs[TARE__FAULT_ONCE], *forever = &point->runs[TARE__FAULT_FOREVER];
    return once->verdict == forever->verdict && once->status == forever->status &&
           once->leaked_blocks == forever->leaked_blocks && once->leaked_bytes == forever->leaked_bytes &&
           memcmp(once->leaks, forever->leaks, sizeof once->leaks) == 0 &&
           memcmp(&once->stack, &forever->stack, sizeof once->stack) == 0;
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

static struct stacks explain(const struct tare_sweep_ *sweep, const uint32_t *numbers, uint32_t count)
{
    const size_t bytes = sizeof(uintptr_t) * STACKS_MAX * (TARE__FAULT_FRAMES + 1);
    struct addresses addresses = {tare__os_map(bytes), 0};
    struct stacks stacks = {tare__os_map(TEXT_BYTES), TEXT_BYTES, NULL};
    if (addresses.all != NULL && stacks.text != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            const struct tare__fault_point *point = &sweep->faults.points[numbers[i]];
            put_stack(&addresses, &point->stack);
            for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
                if (is_told(point, mode))
                    put_run(&addresses, sweep, &point->runs[mode]);
        }
        struct tare__text text = tare__text_in(stacks.text, TEXT_BYTES);
        tare__explain_stack(&text, addresses.all, addresses.count);
        stacks.next = stacks.text;
    }
    if (addresses.all != NULL)
        tare__os_unmap(addresses.all, bytes);
    return stacks;
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

/* Those of put_run(). Several leaks have a line each. */
static void add_stacks(struct tare__text *text, const struct tare__fault_run *run, struct stacks *stacks)
{
    if (run->verdict == TARE__VERDICT_CRASHED || run->verdict == TARE__VERDICT_HUNG ||
        run->verdict == TARE__VERDICT_DOUBLE_FREE)
        add_next_stack(text, stacks);
    for (uint32_t i = 0; i < leaks_of(run) && run->verdict == TARE__VERDICT_LEAKED; i++) {
        if (run->leak_count > 1) {
            tare__text_add(text, "   ");
            add_amount(text, run->leaks[i].blocks, run->leaks[i].bytes);
            tare__text_add(text, "\n");
        }
        add_next_stack(text, stacks);
    }
}

static void add_run(struct tare__text *text, const struct tare_sweep_ *sweep, uint32_t number, unsigned mode,
                    struct stacks *stacks)
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
    add_commands(text, sweep, point->id, (enum tare__fault_mode)mode);
}

static void add_id(struct tare__text *text, const struct tare__fault_point *point)
{
    tare__text_add_unsigned(text, point->size);
    tare__text_add(text, point->size == 1 ? " byte, allocation " : " bytes, allocation ");
    tare__text_add_unsigned(text, point->ordinal);
    tare__text_add(text, place_words[point->place]);
}

static void add_full(struct tare__text *text, const struct tare_sweep_ *sweep, uint32_t number, struct stacks *stacks)
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
    add_next_stack(text, stacks);
    for (unsigned mode = 0; mode < TARE__FAULT_MODES; mode++)
        if (is_told(point, mode))
            add_run(text, sweep, number, mode, stacks);
}

/* ---- The rest ----------------------------------------------------------------- */

static void add_passed(struct tare__text *text, const struct tare_sweep_ *sweep)
{
    unsigned lines = 0, left = 0;
    for (uint32_t i = 0; i < sweep->faults.point_count; i++) {
        const struct tare__fault_point *point = &sweep->faults.points[i];
        if (fails(point) || !was_run(point))
            continue;
        if (lines == LINES_MAX) {
            left++;
            continue;
        }
        if (lines++ == 0)
            tare__text_add(text, "passed, by the last part of what replays them:\n");
        tare__text_add(text, "  ");
        tare__replay_add_id(text, point->id);
        tare__text_add(text, "  ");
        add_id(text, point);
        tare__text_add(text, "\n");
    }
    if (left != 0) {
        tare__text_add(text, "  and ");
        tare__text_add_unsigned(text, left);
        tare__text_add(text, " more\n");
    }
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
    struct stacks stacks = explain(sweep, numbers, count);
    add_head(&text, sweep, "fault sweep failed");
    add_summary(&text, result);
    for (uint32_t i = 0; i < count; i++)
        add_full(&text, sweep, numbers[i], &stacks);
    if (all > count) {
        tare__text_add(&text, "and ");
        add_count(&text, all - count, "more call stack fails\n", "more call stacks fail\n");
    }
    add_passed(&text, sweep);
    add_tail(&text);
    if (stacks.text != NULL)
        tare__os_unmap(stacks.text, stacks.bytes);
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
    struct addresses addresses = {all, 0};
    put_crash(&addresses, &sweep->faults.run.stack);
    if (run.verdict != TARE__VERDICT_FAILED && addresses.count > 1)
        tare__explain_stack(&text, addresses.all, addresses.count - 1);
    add_tail(&text);
    tell(sweep, message, TARE_ERROR_SPOILED);
}
