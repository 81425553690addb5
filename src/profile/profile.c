/* SPDX-License-Identifier: MIT */
/* Every array has an index of what is in it, by hash; text is compared as pointers,
 * since the pool has each only once. */
#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "string_pool.h"
#include "table.h"

struct tare__profile_index {
    struct tare__table modules, frames, stacks, labels, samples; /* their index + 1 */
};

int tare__profile_init(struct tare__profile *profile, const struct tare__profile_type *types, size_t type_count)
{
    *profile = (struct tare__profile){
        .types = calloc(type_count > 0 ? type_count : 1, sizeof *types),
        .type_count = type_count,
        .stacks = malloc(sizeof *profile->stacks),
        .label_sets = calloc(1, sizeof *profile->label_sets),
        .strings = tare__strings_new(),
        .index = calloc(1, sizeof *profile->index),
    };
    if (profile->types == NULL || profile->stacks == NULL || profile->label_sets == NULL || profile->strings == NULL ||
        profile->index == NULL)
        return ENOMEM;
    profile->stacks[0] = (struct tare__profile_stack){.parent = 0, .frame = TARE__NONE};
    profile->stack_count = profile->label_set_count = 1;
    for (size_t i = 0; i < type_count; i++) {
        struct tare__profile_type *type = &profile->types[i];
        type->name = tare__profile_text(profile, types[i].name);
        type->unit = tare__profile_text(profile, types[i].unit);
        if (type->name == NULL || type->unit == NULL)
            return ENOMEM;
    }
    return 0;
}

void tare__profile_free(struct tare__profile *profile)
{
    if (profile->index != NULL) {
        tare__table_free(&profile->index->modules);
        tare__table_free(&profile->index->frames);
        tare__table_free(&profile->index->stacks);
        tare__table_free(&profile->index->labels);
        tare__table_free(&profile->index->samples);
    }
    free(profile->index);
    tare__strings_free(profile->strings);
    free(profile->types);
    free(profile->modules);
    free(profile->frames);
    free(profile->stacks);
    free(profile->samples);
    free(profile->values);
    free(profile->labels);
    free(profile->label_sets);
    *profile = (struct tare__profile){0};
}

const char *tare__profile_text(struct tare__profile *profile, const char *text)
{
    return tare__strings_add(profile->strings, text);
}

/* Whether *text is in the pool now, or NULL. */
static bool own(struct tare__profile *profile, const char **text)
{
    if (*text == NULL)
        return true;
    *text = tare__profile_text(profile, *text);
    return *text != NULL;
}

/* ---- What is there once ----------------------------------------------------- */

static bool same_modules(uintptr_t value, const void *key, const void *profile)
{
    const struct tare__profile *in = profile;
    return memcmp(&in->modules[value - 1], key, sizeof *in->modules) == 0;
}

static bool same_frames(uintptr_t value, const void *key, const void *profile)
{
    const struct tare__profile_frame *one = &((const struct tare__profile *)profile)->frames[value - 1], *other = key;
    return one->function == other->function && one->file == other->file && one->line == other->line &&
           one->module == other->module && one->address == other->address && one->inlined == other->inlined;
}

static bool same_stacks(uintptr_t value, const void *key, const void *profile)
{
    const struct tare__profile *in = profile;
    return memcmp(&in->stacks[value - 1], key, sizeof *in->stacks) == 0;
}

/* A key's hash is that of its bytes: its padding is 0. */
#define UNIQUE(plural, count)                                                                                          \
    static uint32_t find_or_add_##plural(struct tare__profile *profile, const void *key)                               \
    {                                                                                                                  \
        struct tare__table *table = &profile->index->plural;                                                           \
        if (!tare__table_reserve(table) || profile->count >= TARE__NONE - 1)                                           \
            return TARE__NONE;                                                                                         \
        uint64_t hash = tare__table_hash(table, key, sizeof *profile->plural);                                         \
        uintptr_t found = tare__table_find(table, hash, same_##plural, key, profile);                                  \
        if (found != 0)                                                                                                \
            return (uint32_t)(found - 1);                                                                              \
        void *array = tare__grow(profile->plural, profile->count, sizeof *profile->plural);                            \
        if (array == NULL)                                                                                             \
            return TARE__NONE;                                                                                         \
        profile->plural = array;                                                                                       \
        memcpy(&profile->plural[profile->count], key, sizeof *profile->plural);                                        \
        tare__table_add(table, hash, ++profile->count);                                                                \
        return (uint32_t)(profile->count - 1);                                                                         \
    }
UNIQUE(modules, module_count)
UNIQUE(frames, frame_count)
UNIQUE(stacks, stack_count)

uint32_t tare__profile_add_module(struct tare__profile *profile, const struct tare__profile_module *module)
{
    struct tare__profile_module key;
    memset(&key, 0, sizeof key);
    key.path = module->path;
    key.build_id = module->build_id;
    key.low = module->low;
    key.end = module->end;
    key.offset = module->offset;
    if (!own(profile, &key.path) || !own(profile, &key.build_id))
        return TARE__NONE;
    return find_or_add_modules(profile, &key);
}

uint32_t tare__profile_add_frame(struct tare__profile *profile, const struct tare__profile_frame *frame)
{
    struct tare__profile_frame key;
    memset(&key, 0, sizeof key);
    key.function = frame->function;
    key.file = frame->file;
    key.line = frame->line;
    key.module = frame->module;
    key.address = frame->address;
    key.inlined = frame->inlined;
    if (!own(profile, &key.function) || !own(profile, &key.file))
        return TARE__NONE;
    return find_or_add_frames(profile, &key);
}

uint32_t tare__profile_add_stack(struct tare__profile *profile, uint32_t parent, uint32_t frame)
{
    const struct tare__profile_stack key = {.parent = parent, .frame = frame};
    return find_or_add_stacks(profile, &key);
}

/* ---- Labels --------------------------------------------------------------- */

struct labels_key {
    const struct tare__profile_label *labels; /* their text is the pool's */
    size_t count;
};

static bool same_labels(uintptr_t value, const void *key, const void *profile)
{
    const struct tare__profile *in = profile;
    const struct tare__profile_label_set *set = &in->label_sets[value - 1];
    const struct labels_key *wanted = key;
    return set->count == wanted->count && (set->count == 0 || memcmp(&in->labels[set->first], wanted->labels,
                                                                     set->count * sizeof *wanted->labels) == 0);
}

static uint32_t add_label_set(struct tare__profile *profile, const struct labels_key *key)
{
    if (!tare__table_reserve(&profile->index->labels))
        return TARE__NONE;
    uint64_t hash = tare__table_hash(&profile->index->labels, key->labels, key->count * sizeof *key->labels);
    uintptr_t found = tare__table_find(&profile->index->labels, hash, same_labels, key, profile);
    if (found != 0)
        return (uint32_t)(found - 1);
    struct tare__profile_label_set *sets =
        tare__grow(profile->label_sets, profile->label_set_count, sizeof *profile->label_sets);
    if (sets == NULL || profile->label_count + key->count >= TARE__NONE)
        return TARE__NONE;
    profile->label_sets = sets;
    sets[profile->label_set_count] =
        (struct tare__profile_label_set){(uint32_t)profile->label_count, (uint32_t)key->count};
    for (size_t i = 0; i < key->count; i++) {
        struct tare__profile_label *labels = tare__grow(profile->labels, profile->label_count, sizeof *profile->labels);
        if (labels == NULL)
            return TARE__NONE;
        profile->labels = labels;
        labels[profile->label_count++] = key->labels[i];
    }
    tare__table_add(&profile->index->labels, hash, ++profile->label_set_count);
    return (uint32_t)(profile->label_set_count - 1);
}

uint32_t tare__profile_add_labels(struct tare__profile *profile, const struct tare__profile_label *labels, size_t count)
{
    if (count == 0)
        return 0;
    struct tare__profile_label *owned = calloc(count, sizeof *owned);
    uint32_t set = TARE__NONE;
    bool all = owned != NULL;
    for (size_t i = 0; all && i < count; i++) {
        owned[i] = labels[i];
        all = own(profile, &owned[i].key) && own(profile, &owned[i].text) && own(profile, &owned[i].unit);
    }
    if (all)
        set = add_label_set(profile, &(struct labels_key){owned, count});
    free(owned);
    return set;
}

/* ---- Samples ---------------------------------------------------------------- */

static bool same_sample(uintptr_t value, const void *key, const void *profile)
{
    const struct tare__profile *in = profile;
    return memcmp(&in->samples[value - 1], key, sizeof *in->samples) == 0;
}

/* One more, of values 0. */
static uint32_t new_sample(struct tare__profile *profile, const struct tare__profile_sample *sample)
{
    struct tare__profile_sample *samples =
        tare__grow(profile->samples, profile->sample_count, sizeof *profile->samples);
    if (samples == NULL || profile->sample_count >= TARE__NONE - 1)
        return TARE__NONE;
    profile->samples = samples;
    size_t row_bytes = profile->type_count * sizeof *profile->values;
    int64_t *values = tare__grow(profile->values, profile->sample_count, row_bytes > 0 ? row_bytes : 1);
    if (values == NULL)
        return TARE__NONE;
    profile->values = values;
    samples[profile->sample_count] = *sample;
    memset(values + profile->sample_count * profile->type_count, 0, row_bytes);
    return (uint32_t)profile->sample_count++;
}

static bool would_fit(const int64_t *sums, const int64_t *values, size_t count)
{
    int64_t sum;
    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(sums[i], values[i], &sum))
            return false;
    return true;
}

int tare__profile_add_sample(struct tare__profile *profile, uint32_t stack, uint32_t labels, const int64_t *values)
{
    const struct tare__profile_sample key = {.stack = stack, .labels = labels};
    struct tare__table *table = &profile->index->samples;
    if (!tare__table_reserve(table))
        return ENOMEM;
    uint64_t hash = tare__table_hash(table, &key, sizeof key);
    uintptr_t found = tare__table_find(table, hash, same_sample, &key, profile);
    if (found == 0) {
        uint32_t made = new_sample(profile, &key);
        if (made == TARE__NONE)
            return ENOMEM;
        tare__table_add(table, hash, found = (uintptr_t)made + 1);
    }
    int64_t *sums = &profile->values[(found - 1) * profile->type_count];
    if (!would_fit(sums, values, profile->type_count))
        return EOVERFLOW;
    for (size_t i = 0; i < profile->type_count; i++)
        sums[i] += values[i];
    return 0;
}

/* ---- What others ask ---------------------------------------------------------- */

bool tare__profile_total(const struct tare__profile *profile, size_t type, int64_t *total)
{
    *total = 0;
    for (size_t i = 0; i < profile->sample_count; i++)
        if (__builtin_add_overflow(*total, profile->values[i * profile->type_count + type], total))
            return false;
    return true;
}

bool tare__profile_fits(const struct tare__profile *profile)
{
    for (size_t type = 0; type < profile->type_count; type++) {
        int64_t below = 0, above = 0;
        for (size_t i = 0; i < profile->sample_count; i++) {
            int64_t value = profile->values[i * profile->type_count + type], *sum = value < 0 ? &below : &above;
            if (__builtin_add_overflow(*sum, value, sum))
                return false;
        }
    }
    return true;
}

size_t tare__profile_type_named(const struct tare__profile *profile, const char *name)
{
    size_t type = 0;
    while (type < profile->type_count && strcmp(profile->types[type].name, name) != 0)
        type++;
    return type;
}
