/* SPDX-License-Identifier: MIT */
/*
 * The call tree for people. A function that calls only one other stands above it
 * without figures of its own, and not a level further out:
 *
 *     bytes allocated, from the outermost function in; parts below 0.5 % are left out
 *       1,458,176 bytes  100.0 %  main at main.c
 *       1,048,576 bytes   68.2 %    load at table.c:120
 *                                   read_table at table.c:88 (inlined)
 *         409,600 bytes   26.7 %    std::vector::push_back at stl_vector.h:1287
 */
#include <errno.h>
#include <string.h>

#include "phrase.h"
#include "sites_text.h"
#include "summary.h"
#include "tree.h"

enum { LEVELS_MAX = 30 }; /* what is deeper is not moved further to the right */

struct tree_writer {
    const struct tare__metric *metric;
    int64_t total, least;
    int columns;
    FILE *out;
};

static const struct tare__tree_node *first_shown(const struct tree_writer *writer, const struct tare__tree_node *node)
{
    return node != NULL && node->value >= writer->least ? node : NULL;
}

/* The only child, and of the same value. */
static const struct tare__tree_node *goes_on(const struct tree_writer *writer, const struct tare__tree_node *node)
{
    const struct tare__tree_node *child = first_shown(writer, node->children);
    return child != NULL && child->value == node->value ? child : NULL;
}

static const char *name_of(char text[TARE__PLACE_BYTES], const struct tare__tree_node *node)
{
    struct tare__stack_line line = node->line;
    struct tare__place place;
    if (node->several_lines && line.place != NULL) {
        place = *line.place;
        place.line = 0;
        line.place = &place;
    }
    return tare__place_text(text, &line);
}

static void write_node(const struct tree_writer *writer, const struct tare__tree_node *node, int level, bool figures)
{
    char text[TARE__PLACE_BYTES], figure[TARE__FIGURE_BYTES];
    const char *unit = writer->metric->figure->unit;
    int indent = 2 * (level < LEVELS_MAX ? level : LEVELS_MAX);
    if (figures)
        fprintf(writer->out, "  %*s %s%c  %5.1f %%", writer->columns, tare__figure(figure, node->value), unit,
                node->value == 1 ? ' ' : 's', (double)node->value * 100 / (double)writer->total);
    else
        fprintf(writer->out, "  %*s %*s   %7s", writer->columns, "", (int)strlen(unit), "", "");
    fprintf(writer->out, "  %*s%s\n", indent, "", name_of(text, node));
}

/* The next node to write, and how many levels further in or out it is. */
static const struct tare__tree_node *following(const struct tree_writer *writer, const struct tare__tree_node *node,
                                               int *level)
{
    const struct tare__tree_node *next = first_shown(writer, node->children);
    if (next != NULL) {
        *level += goes_on(writer, node) == NULL;
        return next;
    }
    while (node != NULL && (next = first_shown(writer, node->next)) == NULL) {
        node = node->parent;
        if (node != NULL)
            *level -= goes_on(writer, node) == NULL;
    }
    return next;
}

static void write_tree(const struct tree_writer *writer, const struct tare__tree_node *root)
{
    int level = 0;
    const struct tare__tree_node *node = first_shown(writer, root->children);
    const struct tare__tree_node *above = NULL;
    while (node != NULL) {
        bool in_chain = above != NULL && node->parent == above && goes_on(writer, above) == node;
        write_node(writer, node, level, !in_chain);
        above = node;
        node = following(writer, node, &level);
    }
}

int tare__tree_text(const struct tare__process *process, const struct tare__metric *metric, double prune, FILE *out)
{
    char figure[TARE__FIGURE_BYTES];
    struct tare__tree_node *root = tare__tree_build(process, metric);
    if (root == NULL)
        return ENOMEM;
    int64_t total = tare__metric_total(metric, process);
    total = total > root->value ? total : root->value; /* a process that still runs is not asked all at once */
    struct tree_writer writer = {metric, total, (int64_t)((double)total * prune / 100), 0, out};
    writer.least = writer.least > 1 ? writer.least : 1;
    writer.columns = (int)strlen(tare__figure(figure, root->children != NULL ? root->children->value : 0));
    fprintf(out, "%s, from the outermost function in", metric->meaning);
    if (prune > 0)
        fprintf(out, "; parts below %g %% are left out", prune);
    fputs(root->children == NULL ? ": none\n" : "\n", out);
    write_tree(&writer, root);
    tare__tree_free(root);
    return 0;
}
