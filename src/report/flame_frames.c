/* SPDX-License-Identifier: MIT */
/*
 * The frames: for each function a box as wide as its part, with a title of everything
 * that is known of it, and as much of its name as fits. They stand in the order of the
 * tree, each before those that it calls, and so do their depths and weights, for the
 * script. Nothing calls itself: stacks may be deep.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flame_parts.h"
#include "frame_name.h"
#include "function_name.h"
#include "xml.h"

/* The next node, each before its children. 0 after the last. */
static uint32_t following(const struct tare__call_tree *tree, uint32_t at)
{
    if (tree->nodes[at].child_count > 0)
        return tree->nodes[at].first_child;
    while (at != 0) {
        const struct tare__call_node *parent = &tree->nodes[tree->nodes[at].parent];
        if (at + 1 < parent->first_child + parent->child_count)
            return at + 1;
        at = tree->nodes[at].parent;
    }
    return 0;
}

/* ---- What is known of one ---------------------------------------------------- */

static void write_place(const struct tare__profile *profile, const struct tare__call_node *node, FILE *out)
{
    const struct tare__profile_frame *frame = &profile->frames[node->frame];
    const char *separator = "\n";
    if (frame->file != NULL) {
        fputs(separator, out);
        tare__xml_text(frame->file, out);
        if (node->first_line > 0)
            fprintf(out, ":%" PRIu32, node->first_line);
        if (node->last_line > node->first_line)
            fprintf(out, "\xe2\x80\x93%" PRIu32, node->last_line);
        separator = " in ";
    }
    if (frame->module != TARE__NONE) {
        fputs(separator, out);
        tare__xml_text(tare__path_name(profile->modules[frame->module].path), out);
    }
}

static void write_value(const struct tare__flame *flame, const char *before, int64_t value, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    fputs(before, out);
    tare__xml_text(tare__value_text(text, value, flame->words.unit, false), out);
}

static void write_parts(const struct tare__flame *flame, uint32_t at, FILE *out)
{
    const struct tare__call_tree *tree = &flame->tree;
    const struct tare__call_node *node = &tree->nodes[at];
    int64_t self = tree->selves[at * tree->type_count], rest = tree->totals[at * tree->type_count] - self;
    for (uint32_t i = 0; i < node->child_count; i++)
        rest -= tree->totals[(node->first_child + i) * tree->type_count];
    if (self != 0 && self != tree->totals[at * tree->type_count])
        write_value(flame, "\nby itself: ", self, out);
    if (rest != 0)
        write_value(flame, "\nin calls that are not drawn: ", rest, out);
}

static void write_figures(const struct tare__flame *flame, uint32_t at, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    const struct tare__call_tree *tree = &flame->tree;
    const int64_t *totals = &tree->totals[at * tree->type_count];
    write_value(flame, "\n", totals[0], out);
    if (tree->type_count > 1) {
        fprintf(out, " %s ", flame->words.preposition);
        tare__xml_text(tare__value_text(text, totals[1], flame->words.second_unit, false), out);
    }
    if (tree->totals[0] > 0)
        fprintf(out, ", %s", tare__share_text(text, totals[0], tree->totals[0], false));
    write_parts(flame, at, out);
}

static void write_change(const struct tare__flame *flame, uint32_t at, FILE *out)
{
    char text[TARE__VALUE_BYTES];
    int64_t before = flame->tree.totals[2 * at], after = flame->tree.totals[2 * at + 1];
    write_value(flame, "\nbefore ", before, out);
    write_value(flame, ", after ", after, out);
    int64_t change = after - before;
    if (change == 0) {
        fputs("\nno change", out);
        return;
    }
    fputc('\n', out);
    tare__xml_text(tare__value_text(text, change, flame->words.unit, true), out);
    if (before == 0 || after == 0)
        fputs(before == 0 ? ": appeared" : ": vanished", out);
    else if (before > 0)
        fprintf(out, ", %s", tare__share_text(text, change, before, true));
}

/* ---- Boxes ----------------------------------------------------------------- */

struct box {
    double x, width; /* to the next one */
    int y;
};

static void write_rectangle(const struct tare__flame *flame, uint32_t at, const struct box *box, FILE *out)
{
    double drawn = box->width > 3 ? box->width - 0.8 : box->width * 0.75; /* a gap that leaves something */
    fprintf(out, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"#%06" PRIx32 "\"/>", box->x, box->y,
            drawn, TARE__FLAME_ROW - 1, flame->colours[at]);
}

/* textLength holds whatever font there is to the width that was counted on. */
static void write_label(const struct tare__flame_label *label, const struct box *box, FILE *out)
{
    if (label->columns == 0)
        return;
    fprintf(out, "<text x=\"%.2f\" y=\"%d\" textLength=\"%.2f\">", box->x + TARE__FLAME_PADDING, box->y + 13,
            (double)label->columns * TARE__FLAME_COLUMN);
    fputs(label->cut_before ? "\xe2\x80\xa6" : "", out);
    tare__xml_part(label->text, label->bytes, out);
    fputs(label->cut_behind ? "\xe2\x80\xa6" : "", out);
    fputs("</text>", out);
}

static void write_frame(const struct tare__flame *flame, uint32_t at, const struct box *box, FILE *out)
{
    char name_buffer[TARE__FRAME_NAME_BYTES], bare_buffer[TARE__FUNCTION_NAME_BYTES];
    const struct tare__profile *profile = flame->request->profile;
    const struct tare__call_node *node = &flame->tree.nodes[at];
    const char *name = "everything", *bare = name;
    if (at != 0) {
        name = bare = tare__frame_name(name_buffer, profile, node->frame);
        if (name == name_buffer && strchr(name, '+') != NULL)
            bare = strrchr(name, '+'); /* the colour tells the module */
        else if (*name != '[')
            bare = tare__function_bare_name(bare_buffer, name);
    }
    bool differs = *bare != '\0' && strcmp(name, bare) != 0;
    fputs("<g role=\"treeitem\"", out);
    if (differs) {
        fputs(" data-bare=\"", out);
        tare__xml_text(bare, out);
        fputc('"', out);
    }
    fputs("><title>", out);
    tare__xml_text(name, out);
    if (at != 0)
        write_place(profile, node, out);
    (flame->request->difference ? write_change : write_figures)(flame, at, out);
    fputs("</title>", out);
    write_rectangle(flame, at, box, out);
    double room = box->width - 2 * TARE__FLAME_PADDING;
    struct tare__flame_label label =
        tare__flame_fit(name, differs ? bare : name, room > 0 ? (size_t)(room / TARE__FLAME_COLUMN) : 0);
    write_label(&label, box, out);
    fputs("</g>\n", out);
}

/* next[depth] is where the next node of that depth begins. */
static void write_frames(const struct tare__flame *flame, uint64_t *next, FILE *out)
{
    const double room = TARE__FLAME_WIDTH - 2 * TARE__FLAME_MARGIN, whole = (double)flame->tree.nodes[0].weight;
    fputs("<g id=\"frames\" role=\"tree\" aria-label=\"calls\">\n", out);
    uint32_t at = 0;
    do {
        const struct tare__call_node *node = &flame->tree.nodes[at];
        uint32_t row = flame->request->upward ? flame->levels - node->depth : node->depth;
        struct box box = {.x = TARE__FLAME_MARGIN + (double)next[node->depth] / whole * room,
                          .width = (double)node->weight / whole * room,
                          .y = flame->top + (int)row * TARE__FLAME_ROW};
        next[node->depth + 1] = next[node->depth];
        next[node->depth] += node->weight;
        write_frame(flame, at, &box, out);
        at = following(&flame->tree, at);
    } while (at != 0);
    fputs("</g>\n", out);
}

static void write_weights(const struct tare__call_tree *tree, FILE *out)
{
    fputs("<metadata id=\"weights\">", out);
    uint32_t at = 0;
    do {
        fprintf(out, "%" PRIu32 " %" PRIu64 "\n", tree->nodes[at].depth, tree->nodes[at].weight);
        at = following(tree, at);
    } while (at != 0);
    fputs("</metadata>\n", out);
}

int tare__flame_frames(const struct tare__flame *flame, FILE *out)
{
    uint64_t *next = calloc((size_t)flame->levels + 2, sizeof *next);
    if (next == NULL)
        return ENOMEM;
    write_frames(flame, next, out);
    write_weights(&flame->tree, out);
    free(next);
    return 0;
}
