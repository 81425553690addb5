/* SPDX-License-Identifier: MIT */
/*
 * What stands above the frames: what is drawn and of what, its total, what makes that
 * inexact, what the picture leaves out, and what the colours mean.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "flame_parts.h"
#include "phrase.h"
#include "snapshot.h"
#include "xml.h"

enum {
    FIRST_LINE = 34, /* where the title's letters stand */
    LINE = 20,
    COLUMNS_MAX = 150,
    LEGEND_COLUMNS_MAX = 40,
    SWATCH = 12,
};

/* ---- Lines ------------------------------------------------------------------- */

/* Begins one of that class; write its text, then end_line(). */
static void begin_line(struct tare__flame *flame, const char *class, FILE *out)
{
    fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, TARE__FLAME_MARGIN, flame->top);
}

static void end_line(struct tare__flame *flame, FILE *out)
{
    fputs("</text>\n", out);
    flame->top += LINE;
}

static void write_cut(const char *text, size_t columns, FILE *out)
{
    size_t length;
    const char *at = text;
    for (; *at != '\0' && columns > 0; columns--)
        tare__next_character(&at, &length);
    tare__xml_part(text, (size_t)(at - text), out);
    fputs(*at != '\0' ? "\xe2\x80\xa6" : "", out);
}

static void write_title(struct tare__flame *flame, FILE *out)
{
    const char *meaning = flame->words.meaning;
    begin_line(flame, "title", out);
    fputc(toupper((unsigned char)*meaning), out);
    tare__xml_text(*meaning != '\0' ? meaning + 1 : "", out);
    fputs(flame->request->difference ? ": what changed" : "", out);
    end_line(flame, out);
    if (flame->request->profile->title == NULL)
        return;
    begin_line(flame, "command", out);
    write_cut(flame->request->profile->title, COLUMNS_MAX, out);
    end_line(flame, out);
}

static void write_side(const struct tare__flame *flame, int side, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    fputs(side == 0 ? "before " : ", after ", out);
    tare__xml_text(tare__value_text(text, flame->tree.totals[side], flame->words.unit, false), out);
    if (flame->request->sources[side] != NULL) {
        fputs(" (", out);
        write_cut(flame->request->sources[side], COLUMNS_MAX / 3, out);
        fputc(')', out);
    }
}

static void write_total(struct tare__flame *flame, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    const int64_t *totals = flame->tree.totals;
    begin_line(flame, "total", out);
    if (flame->request->difference) {
        write_side(flame, 0, out);
        write_side(flame, 1, out);
        fputs(": ", out);
        tare__xml_text(tare__value_text(text, totals[1] - totals[0], flame->words.unit, true), out);
        if (totals[0] > 0)
            fprintf(out, ", %s", tare__share_text(text, totals[1] - totals[0], totals[0], true));
    } else {
        tare__xml_text(tare__value_text(text, totals[0], flame->words.unit, false), out);
        if (flame->tree.type_count > 1) {
            fprintf(out, " %s ", flame->words.preposition);
            tare__xml_text(tare__value_text(text, totals[1], flame->words.second_unit, false), out);
        }
    }
    end_line(flame, out);
}

/* ---- What makes it inexact --------------------------------------------------- */

static void begin_warning(struct tare__flame *flame, int side, FILE *out)
{
    begin_line(flame, "warning", out);
    if (flame->request->difference)
        fputs(side == 0 ? "before: " : "after: ", out);
}

static void write_inexact(struct tare__flame *flame, int side, FILE *out)
{
    const struct tare__process *process = flame->request->processes[side];
    if (process == NULL)
        return;
    for (int i = 0; i < TARE_INEXACT_COUNT; i++)
        if (process->stats.inexact & (1u << i)) {
            begin_warning(flame, side, out);
            fputs("inexact: ", out);
            tare__xml_text(tare_inexact_text(1u << i), out);
            end_line(flame, out);
        }
    if (process->running) {
        begin_warning(flame, side, out);
        fputs("still running: figures up to now", out);
        end_line(flame, out);
    }
}

static bool is_truncated(const struct tare__profile *profile, uint32_t frame)
{
    static const char start[] = "[truncated";
    const char *function = profile->frames[frame].function;
    return function != NULL && strncmp(function, start, sizeof start - 1) == 0;
}

/* What has no outermost frame hangs below one that says so. */
static int64_t truncated_value(const struct tare__flame *flame, size_t type)
{
    const struct tare__profile *profile = flame->request->profile;
    int64_t value = 0;
    for (size_t i = 0; i < profile->sample_count; i++) {
        uint32_t at = profile->samples[i].stack;
        while (at != 0 && profile->stacks[at].parent != 0)
            at = profile->stacks[at].parent;
        if (at != 0 && is_truncated(profile, profile->stacks[at].frame))
            value += profile->values[i * profile->type_count + type];
    }
    return value;
}

static void write_truncated(struct tare__flame *flame, int side, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    int64_t value = truncated_value(flame, flame->types[side]);
    if (value <= 0 || flame->tree.totals[side] <= 0)
        return;
    begin_warning(flame, side, out);
    tare__xml_text(tare__value_text(text, value, flame->words.unit, false), out);
    fprintf(out, ", %s, are of call stacks whose outer part is missing",
            tare__share_text(text, value, flame->tree.totals[side], false));
    end_line(flame, out);
}

/* ---- What is not drawn ------------------------------------------------------- */

static void write_left_out(struct tare__flame *flame, FILE *out)
{
    char figure[TARE__FIGURE_BYTES], levels[TARE__FIGURE_BYTES];
    const struct tare__call_tree *tree = &flame->tree;
    size_t too_small = tree->left_out - tree->too_deep;
    if (tree->left_out == 0)
        return;
    begin_line(flame, "note", out);
    if (too_small > 0)
        fprintf(out, "%s function%s of less than %.2g %% each", tare__figure(figure, (int64_t)too_small),
                too_small == 1 ? "" : "s", tree->least * 100);
    fputs(too_small > 0 && tree->too_deep > 0 ? " and " : "", out);
    if (tree->too_deep > 0)
        fprintf(out, "%s function%s below the first %s levels", tare__figure(figure, (int64_t)tree->too_deep),
                tree->too_deep == 1 ? "" : "s", tare__figure(levels, flame->levels));
    fputs(tree->left_out == 1 ? " is not drawn; it is" : " are not drawn; they are", out);
    fputs(" in the figures of the callers", out);
    end_line(flame, out);
}

/* ---- Colours ------------------------------------------------------------------- */

static int write_key(const struct tare__flame *flame, int x, uint32_t colour, const char *text, FILE *out)
{
    size_t columns = strlen(text);
    columns = columns < LEGEND_COLUMNS_MAX ? columns + 1 : LEGEND_COLUMNS_MAX + 1;
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" fill=\"#%06x\"/><text x=\"%d\" y=\"%d\">",
            x, flame->top - SWATCH + 2, SWATCH, SWATCH, colour, x + SWATCH + 6, flame->top);
    write_cut(text, LEGEND_COLUMNS_MAX, out);
    fputs("</text>\n", out);
    return x + SWATCH + 6 + (int)((double)columns * TARE__FLAME_COLUMN) + 12;
}

static void write_changes(const struct tare__flame *flame, FILE *out)
{
    static const struct {
        double change;
        const char *text;
    } keys[] = {{-1, "vanished"}, {-0.5, "shrank"}, {0, "same"}, {0.5, "grew"}, {1, "appeared"}};
    int x = TARE__FLAME_MARGIN;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        x = write_key(flame, x, tare__flame_change_colour(keys[i].change), keys[i].text, out);
    fprintf(out, "<text x=\"%d\" y=\"%d\">wide as the larger of before and after</text>\n", x, flame->top);
}

/* As many as fit. */
static void write_modules(const struct tare__flame *flame, const struct tare__flame_module *legend, size_t modules,
                          FILE *out)
{
    const int behind = TARE__FLAME_WIDTH - TARE__FLAME_MARGIN - 150; /* of "and 12 more modules" */
    int x = TARE__FLAME_MARGIN;
    size_t i = 0;
    for (; i < modules && i < TARE__FLAME_LEGEND_MAX; i++) {
        size_t columns = strlen(legend[i].name);
        columns = columns < LEGEND_COLUMNS_MAX ? columns : LEGEND_COLUMNS_MAX;
        if (x + SWATCH + (int)((double)columns * TARE__FLAME_COLUMN) > behind)
            break;
        x = write_key(flame, x, legend[i].colour, legend[i].name, out);
    }
    if (i < modules)
        fprintf(out, "<text x=\"%d\" y=\"%d\">and %zu more module%s</text>\n", x, flame->top, modules - i,
                modules - i == 1 ? "" : "s");
}

void tare__flame_heading(struct tare__flame *flame, const struct tare__flame_module *legend, size_t modules, FILE *out)
{
    flame->top = FIRST_LINE;
    write_title(flame, out);
    write_total(flame, out);
    for (int side = 0; side < (flame->request->difference ? 2 : 1); side++) {
        write_inexact(flame, side, out);
        write_truncated(flame, side, out);
    }
    write_left_out(flame, out);
    if (modules > 0 || flame->request->difference) {
        flame->top += 4;
        fputs("<g class=\"key\">\n", out);
        if (flame->request->difference)
            write_changes(flame, out);
        else
            write_modules(flame, legend, modules, out);
        fputs("</g>\n", out);
        flame->top += LINE;
    }
    flame->top -= 4;
}
