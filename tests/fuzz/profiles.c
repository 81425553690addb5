/* SPDX-License-Identifier: MIT */
/*
 * The readers of other tools' profiles, by libFuzzer or by corpus.c. The first byte of an
 * input says which one, or none for what the content tells; the file is the rest. Whatever
 * is read must be consistent in itself, or refused with a reason.
 */
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "frame_name.h"
#include "read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t used; /* so that nothing is read for nothing */

static void check_places(const struct tare__profile *profile)
{
    for (size_t i = 0; i < profile->module_count; i++)
        used += strlen(profile->modules[i].path);
    for (size_t i = 0; i < profile->frame_count; i++) {
        char name[TARE__FRAME_NAME_BYTES];
        CHECK(profile->frames[i].module == TARE__NONE || profile->frames[i].module < profile->module_count);
        CHECK(*tare__frame_name(name, profile, (uint32_t)i) != '\0');
    }
    CHECK(profile->stack_count > 0 && profile->stacks[0].frame == TARE__NONE);
    for (size_t i = 1; i < profile->stack_count; i++)
        CHECK(profile->stacks[i].parent < i && profile->stacks[i].frame < profile->frame_count);
}

static void check_samples(const struct tare__profile *profile)
{
    int64_t total;
    CHECK(profile->type_count > 0 && profile->default_type < profile->type_count);
    for (size_t i = 0; i < profile->sample_count; i++) {
        CHECK(profile->samples[i].stack < profile->stack_count);
        CHECK(profile->samples[i].labels < profile->label_set_count);
    }
    for (size_t i = 0; i < profile->label_set_count; i++)
        CHECK(profile->label_sets[i].first + profile->label_sets[i].count <= profile->label_count);
    for (size_t i = 0; i < profile->label_count; i++)
        used += strlen(profile->labels[i].key);
    for (size_t i = 0; i < profile->type_count; i++) {
        CHECK(tare__profile_total(profile, i, &total));
        CHECK_EQUAL(tare__profile_type_named(profile, profile->types[i].name), i);
    }
}

/* Into itself once more: all sums are twice as large, or do not fit. */
static void check_merge(const struct tare__profile *profile)
{
    struct tare__profile sum;
    CHECK_EQUAL(tare__profile_init(&sum, profile->types, profile->type_count), 0);
    CHECK_EQUAL(tare__profile_merge(&sum, profile), 0);
    int error = tare__profile_merge(&sum, profile);
    CHECK(error == 0 || error == EOVERFLOW);
    CHECK(sum.sample_count <= profile->sample_count && sum.stack_count <= profile->stack_count);
    for (size_t i = 0; error == 0 && tare__profile_fits(&sum) && i < sum.type_count; i++) {
        int64_t once, twice;
        CHECK(tare__profile_total(profile, i, &once) && tare__profile_total(&sum, i, &twice));
        CHECK_EQUAL(twice, 2 * once);
    }
    tare__profile_free(&sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tare__profile profile;
    char reason[256] = "";
    if (size == 0)
        return 0;
    char *bytes = malloc(size); /* with room for a NUL behind, and no more: ASan sees what goes on */
    CHECK(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    bytes[size - 1] = '\0';
    const struct tare__profile_input input = {bytes, size - 1, reason, sizeof reason};
    size_t which = *data % (tare__profile_reader_count + 1);
    int error = tare__profile_read(which > 0 ? &tare__profile_readers[which - 1] : NULL, &input, &profile);
    CHECK(error == 0 || (error == EBADMSG && *reason != '\0'));
    if (error == 0) {
        check_places(&profile);
        check_samples(&profile);
        check_merge(&profile);
    }
    tare__profile_free(&profile);
    free(bytes);
    return 0;
}
