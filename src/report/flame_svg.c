/* SPDX-License-Identifier: MIT */
/*
 * A flame graph as one SVG file that needs nothing else: it can be read as it is, and
 * with its script it zooms, searches and tells what is under the pointer. All figures
 * are text; the same profile always gives the same bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flame_parts.h"
#include "formats.h"
#include "xml.h"

/* A browser shows so many boxes at once, and scrolls so far. What is narrower than a tenth of a
 * pixel is seen by nobody, but it is there when one zooms in. */
enum { NODES_MAX = 20000, LEVELS_MAX = 2000 };
static const double least = 0.1 / (TARE__FLAME_WIDTH - 2 * TARE__FLAME_MARGIN);

/* ---- The file ------------------------------------------------------------------ */

static bool all_above_zero(const struct tare__flame *flame)
{
    return !flame->request->difference && flame->tree.totals[0] >= 0 &&
           (uint64_t)flame->tree.totals[0] == flame->tree.nodes[0].weight;
}

/* The script has its figures from here. The unit is there if weights are values. */
static void write_start(const struct tare__flame *flame, int height, FILE *out)
{
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"flame\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"\n"
            " data-top=\"%d\" data-row=\"%d\" data-margin=\"%d\" data-padding=\"%d\" data-column=\"%g\"\n"
            " data-levels=\"%u\" data-left-out=\"%zu\"",
            TARE__FLAME_WIDTH, height, TARE__FLAME_WIDTH, height, flame->top, TARE__FLAME_ROW, TARE__FLAME_MARGIN,
            TARE__FLAME_PADDING, TARE__FLAME_COLUMN, flame->levels, flame->tree.left_out);
    fputs(flame->request->upward ? " data-upward=\"\"" : "", out);
    if (all_above_zero(flame)) {
        fputs(" data-unit=\"", out);
        tare__xml_text(flame->words.unit, out);
        fputc('"', out);
    }
    fputs(">\n<title>", out);
    tare__xml_text(flame->words.meaning, out);
    if (flame->request->profile->title != NULL) {
        fputs(": ", out);
        tare__xml_text(flame->request->profile->title, out);
    }
    fprintf(out, "</title>\n<style>\n%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n",
            tare__flame_style);
}

static void write_nothing(const struct tare__flame *flame, FILE *out)
{
    fprintf(out, "<text class=\"nothing\" x=\"%d\" y=\"%d\">Nothing to draw: ", TARE__FLAME_WIDTH / 2, flame->top + 56);
    if (flame->request->profile->sample_count == 0) {
        fputs("the profile is empty", out);
    } else {
        fputs("no ", out);
        tare__xml_text(flame->words.meaning, out);
        fputs(" in it", out);
    }
    fputs("</text>\n</svg>\n", out);
}

static int write_file(struct tare__flame *flame, const char *heading, FILE *out)
{
    enum { EMPTY_HEIGHT = 100 };
    bool empty = flame->tree.nodes[0].weight == 0;
    int frames = empty ? EMPTY_HEIGHT : (int)(flame->levels + 1) * TARE__FLAME_ROW;
    write_start(flame, flame->top + frames + TARE__FLAME_MARGIN, out);
    fputs(heading, out);
    if (empty) {
        write_nothing(flame, out);
        return 0;
    }
    int error = tare__flame_frames(flame, out);
    fprintf(out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", tare__flame_script);
    return error;
}

/* The heading comes first, to see how high it is. */
static int write_graph(struct tare__flame *flame, FILE *out)
{
    struct tare__flame_module legend[TARE__FLAME_LEGEND_MAX];
    size_t modules, length = 0;
    char *heading = NULL;
    int error = tare__flame_colour(flame, legend, &modules);
    if (error != 0)
        return error;
    FILE *memory = open_memstream(&heading, &length);
    if (memory == NULL)
        return ENOMEM;
    tare__flame_heading(flame, legend, modules, memory);
    bool written = !ferror(memory);
    written &= fclose(memory) == 0;
    error = written && heading != NULL ? write_file(flame, heading, out) : ENOMEM;
    free(heading);
    return error;
}

/* ---- What is drawn ------------------------------------------------------------- */

static size_t choose_types(struct tare__flame *flame)
{
    const struct tare__flame_request *request = flame->request;
    flame->words = tare__value_words(request->profile, request->type);
    flame->types[0] = request->type;
    if (request->difference) {
        flame->types[1] = request->after;
        flame->words.meaning = request->meaning;
        flame->words.unit = request->unit;
        return 2;
    }
    flame->types[1] = flame->words.second;
    return flame->words.second < request->profile->type_count ? 2 : 1;
}

int tare__flame_write(const struct tare__flame_request *request, FILE *out)
{
    struct tare__flame flame = {.request = request};
    const struct tare__call_tree_options options = {
        .types = flame.types,
        .type_count = choose_types(&flame),
        .weighed = request->difference ? 2 : 1,
        .least = least,
        .depth_max = LEVELS_MAX,
        .nodes_max = NODES_MAX,
        .across_files = request->difference,
    };
    int error = tare__call_tree_build(&flame.tree, request->profile, &options);
    if (error != 0)
        return error;
    for (size_t i = 0; i < flame.tree.count; i++)
        flame.levels = flame.tree.nodes[i].depth > flame.levels ? flame.tree.nodes[i].depth : flame.levels;
    error = write_graph(&flame, out);
    free(flame.colours);
    tare__call_tree_free(&flame.tree);
    return error;
}

int tare__format_svg(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)
{
    const struct tare__snapshot *snapshot = profile->snapshot;
    const struct tare__flame_request request = {
        .profile = profile,
        .processes = {snapshot != NULL ? &snapshot->processes[snapshot->main] : NULL},
        .type = tare__report_type(options, profile),
        .upward = options->upward,
    };
    return tare__flame_write(&request, out);
}
