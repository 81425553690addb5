/* SPDX-License-Identifier: MIT */
/*
 * What heaptrack_interpret writes, version 3 of the format, which is events: this makes up
 * events whose sums are the figures. Calls to allocation functions are allocations and
 * reallocations, as heaptrack counts them. Of each stack:
 *
 *     the calls that neither the peak nor the end needs: blocks of 0 bytes
 *     what is live at the peak, of all stacks: now that is the peak of the process
 *     what did not stay goes, and what leaked since comes
 *
 * The sizes of single blocks are not known; the first of a group has all of its bytes. A
 * block that goes right after one of its kind came is a temporary one; those that went
 * between the peak and the next call can't be told so.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "frame_name.h"
#include "phrase.h"
#include "string_pool.h"

enum { CALLS, REALLOCATIONS, TEMPORARY, PEAK_BLOCKS, PEAK_BYTES, LEAKED_BLOCKS, LEAKED_BYTES, FIGURES };
static const char *const types[FIGURES] = {"alloc_objects", "reallocations",  "temporary_objects", "peak_objects",
                                           "peak_space",    "leaked_objects", "leaked_space"};

const char *tare__heaptrack_lacks(const struct tare__profile *profile)
{
    for (size_t i = 0; i < FIGURES; i++)
        if (tare__profile_type_named(profile, types[i]) == profile->type_count)
            return types[i];
    return NULL;
}

/* Blocks, of which the first has all bytes. */
struct group {
    uint64_t blocks;
    int64_t bytes;
};

struct plan {
    uint32_t stack;
    uint64_t temporary, others; /* that come and go */
    struct group stays, goes;   /* of what is live at the peak */
    struct group comes;         /* after that, and stays */
    uint64_t info;              /* the "a" line of its blocks of 0 bytes; those of the groups follow */
};
enum { NOTHING, STAYS, GOES, COMES, INFOS };

struct writing {
    const struct tare__profile *from;
    struct tare__strings *strings;
    uintptr_t string_count;
    size_t type_of[FIGURES];
    struct plan *plans; /* of each sample */
    bool inexact;
    FILE *out;
};

/* ---- Places --------------------------------------------------------------------- */

/* The number of the text, written when it is new; 0 for none. */
static int add_text(struct writing *writing, const char *text, uintptr_t *number)
{
    *number = 0;
    if (text == NULL || *text == '\0')
        return 0;
    const char *kept = tare__strings_add(writing->strings, text);
    if (kept == NULL)
        return ENOMEM;
    *number = (uintptr_t)*tare__strings_meaning(kept);
    if (*number != 0)
        return 0;
    *number = ++writing->string_count;
    *tare__strings_meaning(kept) = (const char *)*number;
    size_t bytes = 0, length;
    for (const char *at = text; *at != '\0'; bytes += length)
        tare__next_character(&at, &length);
    fprintf(writing->out, "s %zx ", bytes);
    while (*text != '\0') {
        const char *character = tare__next_character(&text, &length);
        if (*character == '\n')
            fputc('?', writing->out);
        else
            fwrite(character, 1, length, writing->out);
    }
    fputc('\n', writing->out);
    return 0;
}

static int write_frame(struct writing *writing, uint32_t index)
{
    char name[TARE__FRAME_NAME_BYTES];
    const struct tare__profile_frame *frame = &writing->from->frames[index];
    const char *path = frame->module != TARE__NONE ? writing->from->modules[frame->module].path : NULL;
    uintptr_t function, file, module;
    int error = add_text(writing, tare__frame_name(name, writing->from, index), &function);
    if (error == 0)
        error = add_text(writing, frame->file, &file);
    if (error == 0)
        error = add_text(writing, path, &module);
    if (error == 0)
        fprintf(writing->out, "i %" PRIx64 " %zx %zx %zx %" PRIx32 "\n", frame->address, module, function, file,
                frame->line);
    return error;
}

/* Frames and stacks have their numbers here, but for 0, which is none. */
static int write_places(struct writing *writing)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < writing->from->frame_count; i++)
        error = write_frame(writing, (uint32_t)i);
    for (size_t i = 1; error == 0 && i < writing->from->stack_count; i++)
        fprintf(writing->out, "t %" PRIx32 " %" PRIx32 "\n", writing->from->stacks[i].frame + 1,
                writing->from->stacks[i].parent);
    return error;
}

/* ---- Events --------------------------------------------------------------------- */

static uint64_t not_negative(struct writing *writing, int64_t value)
{
    writing->inexact |= value < 0;
    return value < 0 ? 0 : (uint64_t)value;
}

/* How many blocks are there at the peak and at the end: as few as the number of calls
 * allows, since then their bytes need not be the same. */
static struct plan plan_of(struct writing *writing, size_t sample)
{
    const int64_t *values = &writing->from->values[sample * writing->from->type_count];
    uint64_t figures[FIGURES];
    for (size_t i = 0; i < FIGURES; i++)
        figures[i] = not_negative(writing, values[writing->type_of[i]]);
    uint64_t calls = figures[CALLS] + figures[REALLOCATIONS];
    uint64_t peak = figures[PEAK_BLOCKS] + (figures[PEAK_BLOCKS] == 0 && figures[PEAK_BYTES] > 0);
    uint64_t end = figures[LEAKED_BLOCKS] + (figures[LEAKED_BLOCKS] == 0 && figures[LEAKED_BYTES] > 0);
    uint64_t least = peak < end ? peak : end;
    struct plan plan = {.stack = writing->from->samples[sample].stack,
                        .info = 1 + INFOS * (uint64_t)sample,
                        .stays.blocks = peak + end > calls ? peak + end - calls : 0};
    if (plan.stays.blocks > least)
        plan.stays.blocks = least;
    int64_t peak_bytes = (int64_t)figures[PEAK_BYTES], end_bytes = (int64_t)figures[LEAKED_BYTES];
    if (plan.stays.blocks > 0)
        plan.stays.bytes = peak_bytes < end_bytes ? peak_bytes : end_bytes;
    plan.goes = (struct group){peak - plan.stays.blocks, peak_bytes - plan.stays.bytes};
    plan.comes = (struct group){end - plan.stays.blocks, end_bytes - plan.stays.bytes};
    plan.goes.blocks += plan.goes.blocks == 0 && plan.goes.bytes > 0;
    plan.comes.blocks += plan.comes.blocks == 0 && plan.comes.bytes > 0;
    uint64_t needed = plan.stays.blocks + plan.goes.blocks + plan.comes.blocks;
    writing->inexact |= needed > calls;
    uint64_t rest = needed < calls ? calls - needed : 0;
    plan.temporary = figures[TEMPORARY] < rest ? figures[TEMPORARY] : rest;
    plan.others = rest - plan.temporary;
    return plan;
}

/* Number 0 is what heaptrack has for none, where it looks for temporary ones. */
static void write_infos(const struct writing *writing)
{
    fprintf(writing->out, "a 0 0\n");
    for (size_t i = 0; i < writing->from->sample_count; i++) {
        const struct plan *plan = &writing->plans[i];
        const int64_t bytes[INFOS] = {0, plan->stays.bytes, plan->goes.bytes, plan->comes.bytes};
        for (size_t k = 0; k < INFOS; k++)
            fprintf(writing->out, "a %" PRIx64 " %" PRIx32 "\n", (uint64_t)bytes[k], plan->stack);
    }
}

static void write_events(const struct writing *writing, char sign, uint64_t info, uint64_t times)
{
    while (times-- > 0)
        fprintf(writing->out, "%c %" PRIx64 "\n", sign, info);
}

static void write_group(const struct writing *writing, char sign, const struct plan *plan, const struct group *group,
                        int info)
{
    if (group->blocks == 0)
        return;
    write_events(writing, sign, plan->info + (uint64_t)info, 1);
    write_events(writing, sign, plan->info, group->blocks - 1);
}

static void write_all_events(const struct writing *writing)
{
    const size_t count = writing->from->sample_count;
    for (size_t i = 0; i < count; i++) {
        const struct plan *plan = &writing->plans[i];
        for (uint64_t k = 0; k < plan->temporary; k++)
            fprintf(writing->out, "+ %" PRIx64 "\n- %" PRIx64 "\n", plan->info, plan->info);
        write_events(writing, '+', plan->info, plan->others);
    }
    for (size_t i = 0; i < count; i++) {
        write_group(writing, '+', &writing->plans[i], &writing->plans[i].stays, STAYS);
        write_group(writing, '+', &writing->plans[i], &writing->plans[i].goes, GOES);
    }
    for (size_t i = 0; i < count; i++) {
        write_group(writing, '-', &writing->plans[i], &writing->plans[i].goes, GOES);
        write_events(writing, '-', writing->plans[i].info, writing->plans[i].others);
    }
    for (size_t i = 0; i < count; i++)
        write_group(writing, '+', &writing->plans[i], &writing->plans[i].comes, COMES);
}

static void write_line(const char *start, const char *text, FILE *out)
{
    fputs(start, out);
    while (*text != '\0') {
        size_t length;
        const char *character = tare__next_character(&text, &length);
        fwrite(*character == '\n' ? "?" : character, 1, *character == '\n' ? 1 : length, out);
    }
    fputc('\n', out);
}

static int write_all(struct writing *writing)
{
    const struct tare__profile *from = writing->from;
    fputs("v 10400 3\n", writing->out);
    write_line("X ", from->title != NULL ? from->title : "(unknown)", writing->out);
    int error = write_places(writing);
    if (error != 0)
        return error;
    for (size_t i = 0; i < FIGURES; i++)
        writing->type_of[i] = tare__profile_type_named(from, types[i]);
    for (size_t i = 0; i < from->sample_count; i++)
        writing->plans[i] = plan_of(writing, i);
    if (writing->inexact)
        fputs("# Inexact: there are figures that no events have, below 0 or of more blocks than calls.\n",
              writing->out);
    write_infos(writing);
    fputs("c 0\n", writing->out);
    write_all_events(writing);
    fprintf(writing->out, "c %" PRIx64 "\n", from->duration_ns / 1000000);
    return 0;
}

int tare__format_heaptrack(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    (void)options;
    struct writing writing = {.from = profile,
                              .strings = tare__strings_new(),
                              .plans = calloc(profile->sample_count + 1, sizeof *writing.plans),
                              .out = out};
    int error = writing.strings == NULL || writing.plans == NULL ? ENOMEM : write_all(&writing);
    tare__strings_free(writing.strings);
    free(writing.plans);
    return error;
}
