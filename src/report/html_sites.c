/* SPDX-License-Identifier: MIT */
/*
 * The table of sites: each distinct stack with a value of each type. Of a large profile
 * only the first by each type are in the page, and what the others have together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html_parts.h"

enum { EACH = 500 }; /* sites of each type */

struct sites {
    const struct tare__profile *profile;
    uint32_t *of_stack; /* its site, and one; 0 for none */
    uint32_t *stacks;   /* of each site */
    int64_t *values;
    uint32_t count;
    bool *shown;
};

static void sites_free(struct sites *sites)
{
    free(sites->of_stack);
    free(sites->stacks);
    free(sites->values);
    free(sites->shown);
}

/* Samples that differ in nothing but labels are one site. */
static int collect(struct sites *sites)
{
    const struct tare__profile *profile = sites->profile;
    size_t samples = profile->sample_count > 0 ? profile->sample_count : 1;
    sites->of_stack = calloc(profile->stack_count, sizeof *sites->of_stack);
    sites->stacks = calloc(samples, sizeof *sites->stacks);
    sites->values = calloc(samples * (profile->type_count + 1), sizeof *sites->values);
    sites->shown = calloc(samples, sizeof *sites->shown);
    if (sites->of_stack == NULL || sites->stacks == NULL || sites->values == NULL || sites->shown == NULL)
        return ENOMEM;
    for (size_t i = 0; i < profile->sample_count; i++) {
        uint32_t *site = &sites->of_stack[profile->samples[i].stack];
        if (*site == 0) {
            sites->stacks[sites->count] = profile->samples[i].stack;
            *site = ++sites->count;
        }
        int64_t *sum = &sites->values[(*site - 1) * profile->type_count];
        for (size_t type = 0; type < profile->type_count; type++)
            if (__builtin_add_overflow(sum[type], profile->values[i * profile->type_count + type], &sum[type]))
                return EOVERFLOW;
    }
    return 0;
}

/* Those with the largest values of a type, by insertion: few of many. */
static void choose(struct sites *sites, size_t type)
{
    uint32_t best[EACH];
    size_t count = 0;
#define VALUE(site) sites->values[(site)*sites->profile->type_count + type]
    for (uint32_t site = 0; site < sites->count; site++) {
        if (VALUE(site) == 0 || (count == EACH && VALUE(site) <= VALUE(best[EACH - 1])))
            continue;
        size_t at = count < EACH ? count++ : EACH - 1;
        for (; at > 0 && VALUE(best[at - 1]) < VALUE(site); at--)
            best[at] = best[at - 1];
        best[at] = site;
    }
#undef VALUE
    for (size_t i = 0; i < count; i++)
        sites->shown[best[i]] = true;
}

static json_t *values(struct tare__json *json, const struct sites *sites, bool shown)
{
    json_t *list = json_array();
    for (size_t type = 0; type < sites->profile->type_count; type++) {
        json_t *column = json_array();
        int64_t rest = 0;
        for (size_t i = 0; i < sites->count; i++) {
            int64_t value = sites->values[i * sites->profile->type_count + type];
            if (shown && sites->shown[i])
                tare__json_append(json, column, tare__html_exact(value));
            else if (!sites->shown[i] && __builtin_add_overflow(rest, value, &rest))
                json->failed = true;
        }
        if (!shown) {
            json_decref(column);
            column = tare__html_exact(rest);
        }
        tare__json_append(json, list, column);
    }
    return list;
}

/* The stacks of the sites that are shown, with numbers of their own: 0 is the empty one.
 * of_stack becomes that number. */
static void set_stacks(struct tare__json *json, json_t *object, struct sites *sites, struct tare__html_names *names)
{
    const struct tare__profile *profile = sites->profile;
    json_t *parent = json_array(), *frame = json_array(), *stack = json_array();
    uint32_t count = 1;
    memset(sites->of_stack, 0, profile->stack_count * sizeof *sites->of_stack);
    for (size_t i = 0; i < sites->count; i++)
        for (uint32_t at = sites->stacks[i]; sites->shown[i] && at != 0 && sites->of_stack[at] == 0;
             at = profile->stacks[at].parent)
            sites->of_stack[at] = 1;
    tare__json_append(json, parent, json_integer(0));
    tare__json_append(json, frame, json_integer(0));
    for (uint32_t at = 1; at < profile->stack_count; at++) {
        if (sites->of_stack[at] == 0)
            continue;
        sites->of_stack[at] = count++;
        tare__json_append(json, parent, json_integer(sites->of_stack[profile->stacks[at].parent]));
        tare__json_append(json, frame, json_integer(tare__html_line(names, profile->stacks[at].frame)));
    }
    for (size_t i = 0; i < sites->count; i++)
        if (sites->shown[i])
            tare__json_append(json, stack, json_integer(sites->of_stack[sites->stacks[i]]));
    tare__json_set(json, object, "parent", parent);
    tare__json_set(json, object, "frame", frame);
    tare__json_set(json, object, "stack", stack);
}

json_t *tare__html_sites(struct tare__json *json, struct tare__html_names *names)
{
    struct sites sites = {.profile = names->profile};
    json_t *object = json_object();
    int error = collect(&sites);
    if (error == 0) {
        for (size_t type = 0; type < names->profile->type_count; type++)
            choose(&sites, type);
        set_stacks(json, object, &sites, names);
        tare__json_set(json, object, "count", json_integer(sites.count));
        tare__json_set(json, object, "values", values(json, &sites, true));
        tare__json_set(json, object, "rest", values(json, &sites, false));
    }
    names->error = error != 0 ? error : names->error;
    sites_free(&sites);
    return object;
}
