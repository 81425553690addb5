/* SPDX-License-Identifier: MIT */
/*
 * A profile: call stacks with values, as plain arrays. It is what flame graphs and the
 * formats of other tools are written from, whether it came from a snapshot, from a file
 * of another tool, or from several of them.
 *
 * A profile belongs to one thread at a time. What adds to it returns an index, or
 * TARE__NONE where there is no memory; text is copied.
 */
#ifndef TARE__PROFILE_H
#define TARE__PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tare__snapshot;
struct tare__strings;

#define TARE__NONE UINT32_MAX

/* What a sample's value at this position counts. */
struct tare__profile_type {
    const char *name; /* as in pprof: "alloc_space" */
    const char *unit; /* "bytes", "count", or another tool's */
};

/* A loaded object. */
struct tare__profile_module {
    const char *path;     /* never NULL */
    const char *build_id; /* hexadecimal; NULL for none */
    uint64_t low, end;    /* its addresses in the process; 0 where unknown */
    uint64_t offset;      /* in the file, of low */
};

/* A function at a line, each once. Text that is not known is NULL. */
struct tare__profile_frame {
    const char *function; /* demangled */
    const char *file;
    uint32_t line;    /* 0 for none */
    uint32_t module;  /* in modules, or TARE__NONE */
    uint64_t address; /* in the process: the return address; 0 for none */
    bool inlined;     /* into its caller, and of the same address */
};

/* A call stack: its innermost frame, and the stack that called it. Stack 0 is the
 * empty one; parents stand before their children. */
struct tare__profile_stack {
    uint32_t parent;
    uint32_t frame; /* in frames; TARE__NONE for stack 0 */
};

/* "pid" = "1234". Text where it is not NULL, else a number of this unit. */
struct tare__profile_label {
    const char *key;
    const char *text;
    const char *unit;
    int64_t number;
};

/* One for each stack and set of labels; its values stand at values[sample * type_count]. */
struct tare__profile_sample {
    uint32_t stack;
    uint32_t labels; /* in label_sets; 0 is the set without any */
};

struct tare__profile_label_set {
    uint32_t first, count; /* in labels */
};

/* All arrays are owned. */
struct tare__profile {
    struct tare__profile_type *types;
    size_t type_count;
    size_t default_type; /* which is shown where nobody chose one */
    struct tare__profile_module *modules;
    size_t module_count;
    struct tare__profile_frame *frames;
    size_t frame_count;
    struct tare__profile_stack *stacks;
    size_t stack_count;
    struct tare__profile_sample *samples;
    size_t sample_count;
    int64_t *values;
    struct tare__profile_label *labels;
    size_t label_count;
    struct tare__profile_label_set *label_sets;
    size_t label_set_count;

    const char *title;    /* what was profiled; NULL for unknown */
    uint64_t time_ns;     /* when it began, since 1970; 0 for unknown */
    uint64_t duration_ns; /* 0 for unknown */

    const struct tare__snapshot *snapshot; /* where it came from; NULL for another tool's. Not owned */

    struct tare__strings *strings;     /* of all text */
    struct tare__profile_index *index; /* by which equal things are found; the module's own */
};

/* With these types, copied. 0 or ENOMEM; free it in either case. */
int tare__profile_init(struct tare__profile *profile, const struct tare__profile_type *types, size_t type_count);
void tare__profile_free(struct tare__profile *profile);

/* NULL where there is no memory; equal text is the same pointer. */
const char *tare__profile_text(struct tare__profile *profile, const char *text);

/* Each finds what is equal, or adds it. */
uint32_t tare__profile_add_module(struct tare__profile *profile, const struct tare__profile_module *module);
uint32_t tare__profile_add_frame(struct tare__profile *profile, const struct tare__profile_frame *frame);
uint32_t tare__profile_add_stack(struct tare__profile *profile, uint32_t parent, uint32_t frame);
uint32_t tare__profile_add_labels(struct tare__profile *profile, const struct tare__profile_label *labels,
                                  size_t count);

/* Adds the values, type_count of them, to those of the stack with these labels. Where a sum
 * would not fit 64 bits, nothing is added. 0, ENOMEM or EOVERFLOW. */
int tare__profile_add_sample(struct tare__profile *profile, uint32_t stack, uint32_t labels, const int64_t *values);

/* The sum of all samples' values of a type; false where it does not fit. */
bool tare__profile_total(const struct tare__profile *profile, size_t type, int64_t *total);

/* Whether sums of any of its values, in any order, fit 64 bits: what was read from files, or merged,
 * is checked for it, so that who adds them up need not look. */
bool tare__profile_fits(const struct tare__profile *profile);

/* The type of that name; type_count for none. */
size_t tare__profile_type_named(const struct tare__profile *profile, const char *name);

/*
 * Adds all of another profile. Types are matched by name; what this one has and the
 * other has not gets 0. 0, ENOMEM, EOVERFLOW, or EINVAL where they have no type in
 * common or one has another unit; then the profile is as it was.
 *
 * A module that lay elsewhere in the other's process is the same where path, build ID
 * and size are, and addresses in it are moved: many runs of a program make one profile.
 * The time is the earlier one, the duration the sum.
 */
int tare__profile_merge(struct tare__profile *profile, const struct tare__profile *other);

#endif
