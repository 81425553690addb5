/* SPDX-License-Identifier: MIT */
/*
 * A hue for each module, from its name, so that it looks the same in every graph; where
 * two of the largest would look alike, the smaller takes another. Functions of a
 * module differ in lightness. Without modules, as in folded stacks, hues are the functions'.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flame_parts.h"
#include "frame_name.h"

/* Equally light and strong in OKLCH, L 0.76 and 0.80, C up to 0.115, a 16th of a turn apart:
 * text in black stands out from each as from any other. */
static const uint32_t hues[] = {0xfea09f, 0xef9875, 0xf1ae6b, 0xd0ac54, 0xc2c469, 0x95c173, 0x7ed49d, 0x4ec9b0,
                                0x4dd4db, 0x4dc1e6, 0x81c5fe, 0x91aefb, 0xbcb2fe, 0xca9be6, 0xeca1db, 0xec91b1};
enum { HUES = sizeof hues / sizeof *hues, WARM_HUES = 5, SHADES = 4, SHADE_PERCENT = 13, FAR = 7 };
static const uint32_t neutral = 0xced1d9, same = 0xe4e6eb, grown = 0xf4706a, shrunk = 0x66a3f2;

/* FNV-1a: the same in every run, and on every machine. */
static uint32_t hash(const char *text, size_t length)
{
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
    return hash ^ hash >> 15;
}

static uint32_t mix(uint32_t from, uint32_t to, int percent)
{
    uint32_t mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        int low = (int)(from >> shift & 0xff), high = (int)(to >> shift & 0xff);
        mixed |= (uint32_t)(low + (high - low) * percent / 100) << shift;
    }
    return mixed;
}

uint32_t tare__flame_change_colour(double change)
{
    enum { LEAST = 15 }; /* so that any change can be seen */
    double size = change < 0 ? -change : change;
    if (size == 0)
        return same;
    return mix(same, change > 0 ? grown : shrunk, LEAST + (int)((100 - LEAST) * (size < 1 ? size : 1)));
}

/* ---- Modules --------------------------------------------------------------- */

struct module {
    const char *path;
    uint32_t index; /* of the profile */
    double area;    /* in the graph; of all of this path, at the first of them */
    uint32_t first; /* of that path, in modules by path */
    uint32_t colour;
};

typedef struct module *module_pointer;

static int by_path(const void *a, const void *b)
{
    const struct module *one = a, *other = b;
    int order = strcmp(one->path, other->path);
    return order != 0 ? order : (one->index > other->index) - (one->index < other->index);
}

static int by_area(const void *a, const void *b)
{
    const module_pointer *one = a, *other = b;
    if ((*one)->area != (*other)->area)
        return (*one)->area < (*other)->area ? 1 : -1;
    return strcmp((*one)->path, (*other)->path);
}

/* Two versions of a library look alike. */
static size_t hue_of(const char *name)
{
    const char *version = strstr(name, ".so");
    return hash(name, version != NULL ? (size_t)(version - name) : strlen(name)) % HUES;
}

/* The first few are kept further apart than the others can be. */
static bool is_taken(const bool taken[HUES], size_t hue, size_t rank)
{
    if (rank < HUES / 3 && (taken[(hue + 1) % HUES] || taken[(hue + HUES - 1) % HUES]))
        return true;
    return rank < HUES && taken[hue];
}

static void give_hues(const module_pointer *largest, size_t count)
{
    bool taken[HUES] = {false};
    for (size_t i = 0; i < count; i++) {
        size_t hue = hue_of(tare__path_name(largest[i]->path));
        while (is_taken(taken, hue, i))
            hue = (hue + FAR) % HUES;
        taken[hue] = true;
        largest[i]->colour = hues[hue];
    }
}

/* By path, those of the same one with the same `first`; of_index leads to each. */
static void sort_modules(const struct tare__profile *profile, struct module *modules, uint32_t *of_index)
{
    for (uint32_t i = 0; i < profile->module_count; i++)
        modules[i] = (struct module){.path = profile->modules[i].path, .index = i};
    qsort(modules, profile->module_count, sizeof *modules, by_path);
    for (uint32_t i = 0; i < profile->module_count; i++) {
        bool again = i > 0 && strcmp(modules[i].path, modules[i - 1].path) == 0;
        modules[i].first = again ? modules[i - 1].first : i;
        of_index[modules[i].index] = modules[i].first;
    }
}

static void measure(const struct tare__flame *flame, struct module *modules, const uint32_t *of_index)
{
    for (size_t i = 1; i < flame->tree.count; i++) {
        uint32_t module = flame->request->profile->frames[flame->tree.nodes[i].frame].module;
        if (module != TARE__NONE)
            modules[of_index[module]].area += (double)flame->tree.nodes[i].weight;
    }
}

static size_t rank(struct module *modules, size_t count, module_pointer *ranked)
{
    size_t shown = 0;
    for (size_t i = 0; i < count; i++)
        if (modules[i].area > 0)
            ranked[shown++] = &modules[i];
    if (shown > 0)
        qsort(ranked, shown, sizeof(module_pointer), by_area);
    return shown;
}

/* ---- Nodes ----------------------------------------------------------------- */

static uint32_t change_colour(const struct tare__flame *flame, size_t node)
{
    double before = (double)flame->tree.totals[2 * node], after = (double)flame->tree.totals[2 * node + 1];
    double larger = before > after ? before : after;
    return tare__flame_change_colour(larger > 0 ? (after - before) / larger : before - after);
}

static uint32_t node_colour(const struct tare__profile *profile, uint32_t frame, const struct module *modules,
                            const uint32_t *of_index, bool any_module)
{
    char name[TARE__FRAME_NAME_BYTES];
    const char *text = tare__frame_name(name, profile, frame);
    uint32_t function = hash(text, strlen(text)), module = profile->frames[frame].module;
    uint32_t colour;
    if (module != TARE__NONE)
        colour = modules[of_index[module]].colour;
    else if (any_module || *text == '[')
        return neutral;
    else
        colour = hues[function % WARM_HUES];
    return mix(colour, 0xffffff, (int)(function / HUES % SHADES) * SHADE_PERCENT);
}

static void colour_nodes(struct tare__flame *flame, const struct module *modules, const uint32_t *of_index,
                         bool any_module)
{
    flame->colours[0] = flame->request->difference ? change_colour(flame, 0) : neutral;
    for (size_t i = 1; i < flame->tree.count; i++)
        flame->colours[i] =
            flame->request->difference
                ? change_colour(flame, i)
                : node_colour(flame->request->profile, flame->tree.nodes[i].frame, modules, of_index, any_module);
}

int tare__flame_colour(struct tare__flame *flame, struct tare__flame_module legend[TARE__FLAME_LEGEND_MAX],
                       size_t *modules)
{
    const struct tare__profile *profile = flame->request->profile;
    size_t room = profile->module_count + 1;
    struct module *all = calloc(room, sizeof *all);
    module_pointer *ranked = calloc(room, sizeof(module_pointer));
    uint32_t *of_index = calloc(room, sizeof *of_index);
    flame->colours = calloc(flame->tree.count, sizeof *flame->colours);
    int error = ENOMEM;
    *modules = 0;
    if (all != NULL && ranked != NULL && of_index != NULL && flame->colours != NULL) {
        error = 0;
        sort_modules(profile, all, of_index);
        measure(flame, all, of_index);
        *modules = rank(all, profile->module_count, ranked);
        give_hues(ranked, *modules);
        colour_nodes(flame, all, of_index, *modules > 0);
        for (size_t i = 0; i < *modules && i < TARE__FLAME_LEGEND_MAX; i++)
            legend[i] = (struct tare__flame_module){tare__path_name(ranked[i]->path), ranked[i]->colour};
    }
    free(all);
    free(ranked);
    free(of_index);
    return error;
}
