/* SPDX-License-Identifier: MIT */
/* Stacks may be thousands of frames deep: nothing here calls itself. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* ---- Which lines are the same node ---------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *function_of(const struct tare__stack_line *line)
{
    return line->place != NULL ? line->place->function : NULL;
}

/* What has no name is told by its address. */
static bool same_function(const struct tare__stack_line *a, const struct tare__stack_line *b)
{
    if (a->truncated || b->truncated || a->module != b->module)
        return a->truncated && b->truncated && a->frame->address == b->frame->address;
    if (function_of(a) == NULL || function_of(b) == NULL)
        return function_of(a) == function_of(b) && a->frame->address == b->frame->address;
    return same_text(function_of(a), function_of(b)) && same_text(a->place->file, b->place->file);
}

static bool same_line(const struct tare__stack_line *a, const struct tare__stack_line *b)
{
    return a->place == b->place || (a->place != NULL && b->place != NULL && a->place->line == b->place->line);
}

/* ---- Stacks -------------------------------------------------------------- */

struct lines {
    struct tare__stack_line *all; /* the innermost first */
    size_t count, room;
};

static bool add_line(struct lines *lines, const struct tare__stack_line *line)
{
    if (lines->count == lines->room) {
        size_t room = lines->room == 0 ? 64 : 2 * lines->room;
        struct tare__stack_line *more = realloc(lines->all, room * sizeof *more);
        if (more == NULL)
            return false;
        lines->all = more;
        lines->room = room;
    }
    lines->all[lines->count++] = *line;
    return true;
}

static bool collect(struct lines *lines, const struct tare__origins *origins, uint32_t stack)
{
    struct tare__stack_view view = tare__stack_view(origins, stack);
    struct tare__stack_line line;
    lines->count = 0;
    while (tare__stack_view_next(&view, &line))
        if (!line.hidden && !add_line(lines, &line))
            return false;
    return true;
}

/* ---- The tree -------------------------------------------------------------- */

/* The child for this line, made where there is none. */
static struct tare__tree_node *descend(struct tare__tree_node *node, const struct tare__stack_line *line)
{
    struct tare__tree_node *child = node->children;
    while (child != NULL && !same_function(&child->line, line))
        child = child->next;
    if (child == NULL) {
        child = calloc(1, sizeof *child);
        if (child == NULL)
            return NULL;
        *child = (struct tare__tree_node){.line = *line, .next = node->children, .parent = node};
        node->children = child;
    }
    child->several_lines |= !same_line(&child->line, line);
    return child;
}

static bool add_site(struct tare__tree_node *root, const struct lines *lines, int64_t value, int64_t second)
{
    struct tare__tree_node *node = root;
    for (size_t i = lines->count; i-- > 0;) {
        bool calls_itself = node != root && same_function(&node->line, &lines->all[i]);
        if (calls_itself)
            node->several_lines |= !same_line(&node->line, &lines->all[i]);
        else if ((node = descend(node, &lines->all[i])) == NULL)
            return false;
    }
    for (; node != NULL; node = node->parent) {
        node->value += value;
        node->second += second;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    const struct tare__tree_node *one = *(struct tare__tree_node *const *)a;
    const struct tare__tree_node *other = *(struct tare__tree_node *const *)b;
    if (one->value != other->value)
        return one->value < other->value ? 1 : -1;
    const char *name = function_of(&one->line), *other_name = function_of(&other->line);
    int order = strcmp(name != NULL ? name : "", other_name != NULL ? other_name : "");
    if (order != 0)
        return order;
    return (one->line.frame->address > other->line.frame->address) -
           (one->line.frame->address < other->line.frame->address);
}

typedef struct tare__tree_node *node_pointer;

static bool sort_children(struct tare__tree_node *node)
{
    size_t count = 0, at = 0;
    for (struct tare__tree_node *child = node->children; child != NULL; child = child->next)
        count++;
    if (count < 2)
        return true;
    node_pointer *all = malloc(count * sizeof(node_pointer));
    if (all == NULL)
        return false;
    for (struct tare__tree_node *child = node->children; child != NULL; child = child->next)
        all[at++] = child;
    qsort(all, count, sizeof(node_pointer), by_value);
    for (size_t i = 0; i < count; i++)
        all[i]->next = i + 1 < count ? all[i + 1] : NULL;
    node->children = all[0];
    free(all);
    return true;
}

/* Each node before its children, then on to the next one. */
static struct tare__tree_node *following(struct tare__tree_node *node)
{
    if (node->children != NULL)
        return node->children;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node != NULL ? node->next : NULL;
}

static bool build(struct tare__tree_node *root, const struct tare__process *process, const struct tare__metric *metric)
{
    struct lines lines = {0};
    bool built = true;
    for (size_t i = 0; built && i < process->origins.site_count; i++) {
        const struct tare__snapshot_site *site = &process->origins.sites[i];
        int64_t value = tare__metric_value(metric, site);
        if (value > 0)
            built = collect(&lines, &process->origins, site->stack) &&
                    add_site(root, &lines, value, metric->second->value(site));
    }
    free(lines.all);
    for (struct tare__tree_node *node = root; built && node != NULL; node = following(node))
        built = sort_children(node);
    return built;
}

struct tare__tree_node *tare__tree_build(const struct tare__process *process, const struct tare__metric *metric)
{
    struct tare__tree_node *root = calloc(1, sizeof *root);
    if (root == NULL || build(root, process, metric))
        return root;
    tare__tree_free(root);
    return NULL;
}

/* Leaf after leaf. */
void tare__tree_free(struct tare__tree_node *root)
{
    while (root != NULL) {
        struct tare__tree_node *node = root;
        if (node->children != NULL) {
            root = node->children;
            node->children = NULL;
            continue;
        }
        root = node->next != NULL ? node->next : node->parent;
        free(node);
    }
}
