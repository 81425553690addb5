/* SPDX-License-Identifier: MIT */
/*
 * The reader of store files, by libFuzzer or by corpus.c. A store is mostly zeros and
 * takes up hundreds of kilobytes, so an input is what to change in a valid one:
 *
 *     kind          1 byte: bit 0 a scope's and not a run's, bit 1 it is cut off
 *     bytes         3 bytes, where it is cut off: how many are left
 *     then changes, as many as there are:
 *     region        1 byte: 0 header, 1 timeline, 2 slots, then the pieces
 *     offset        2 bytes, in there
 *     length        1 byte: bits 0 to 3 for 1 to 16, bit 4 for 64 times as many that are all the same
 *     ...           as many bytes, or one
 *
 * Whatever is read must be consistent in itself, or refused with a reason.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"
#include "recording.h"
#include "store_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 4, PIECES = 5 };

/* ---- The store -------------------------------------------------------------- */

static struct store_maker make_base(enum tare__store_kind kind)
{
    struct store_maker maker = store_begin(kind, SLOTS);
    uint32_t program = store_add_module(&maker, 0x1000, 0x9000, 0, "/usr/bin/program");
    uint32_t library = store_add_module(&maker, 0x10000, 0x20000, 0x10000, "/usr/lib/library.so");
    store_module(&maker, program)->is_program = 1;
    store_module(&maker, library)->build_id_bytes = 20;
    uint32_t outer = store_add_frame(&maker, 0x1100, 0, program, 0);
    uint32_t marker = store_add_frame(&maker, TARE__TRUNCATED_DEPTH, 0, 0, TARE__FRAME_TRUNCATED);
    uint32_t frame = outer;
    for (uint64_t i = 0; i < 6; i++) {
        frame = store_add_frame(&maker, 0x10000 + i, i == 3 ? marker : frame, library, 0);
        store_add_site(&maker, frame, (uint32_t)i, i, 100 * i);
    }
    maker.current[TARE__PIECE_FRAMES] = maker.current[TARE__PIECE_SITES] = 0; /* a second piece of each */
    uint32_t again = store_add_frame(&maker, 0x1100, 0, program, 0);
    store_add_site(&maker, store_add_frame(&maker, 0x10000, again, library, 0), 9, 3, 30);
    store_add_site(&maker, outer, 0, 1, 1)->peak_at = 1501;
    store_add_site(&maker, 0, 0, 1, 1);
    for (uint64_t i = 0; i < 4; i++)
        store_add_point(&maker, 10 * i, 5, 50);
    store_add_up(&maker);
    CHECK_EQUAL(maker.piece_count, PIECES);
    return maker;
}

struct input {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct input *input, size_t bytes)
{
    uint32_t number = 0;
    for (size_t i = 0; i < bytes && input->size > 0; i++) {
        number |= (uint32_t)*input->data++ << 8 * i;
        input->size--;
    }
    return number;
}

/* Where a region begins, and how many bytes it has. */
static size_t region(const struct store_maker *maker, uint32_t number, size_t *bytes)
{
    const size_t timeline = offsetof(struct tare__store, timeline), slots = offsetof(struct tare__store, slots);
    switch (number) {
    case 0:
        *bytes = timeline;
        return 0;
    case 1:
        *bytes = slots - timeline;
        return timeline;
    case 2:
        *bytes = SLOTS * sizeof(struct tare__slot);
        return slots;
    default:
        *bytes = TARE__PIECE_BYTES;
        return maker->pieces_offset + (size_t)((number - 3) % PIECES) * TARE__PIECE_BYTES;
    }
}

static void change(const struct store_maker *maker, char *store, struct input *input)
{
    size_t room, start = region(maker, take(input, 1), &room);
    size_t offset = take(input, 2) % room;
    uint32_t how = take(input, 1);
    size_t length = (size_t)(how & 15) + 1;
    if ((how & 16) != 0) {
        length = 64 * length < room - offset ? 64 * length : room - offset;
        memset(store + start + offset, (int)take(input, 1), length);
        return;
    }
    for (size_t i = 0; i < length && offset + i < room && input->size > 0; i++)
        store[start + offset + i] = (char)take(input, 1);
}

/* The file's descriptor. */
static int lay(const struct store_maker *maker, uint32_t flags, struct input *input)
{
    static char *store;
    static int file = -1;
    size_t bytes = store_bytes(maker);
    if (file < 0) {
        file = memfd_create("store", MFD_CLOEXEC);
        store = malloc(bytes);
        CHECK(file >= 0 && store != NULL);
    }
    memcpy(store, maker->store, bytes);
    size_t kept = (flags & 2) == 0 ? bytes : take(input, 3) % (bytes + 1);
    while (input->size > 0)
        change(maker, store, input);
    CHECK(ftruncate(file, (off_t)kept) == 0 && pwrite(file, store, kept, 0) == (ssize_t)kept);
    return file;
}

/* ---- What becomes of it ------------------------------------------------------- */

static size_t used; /* so that nothing is read for nothing */

static void check_origins(const struct tare__origins *origins)
{
    CHECK(origins->module_count > 0 && origins->frame_count > 0 && origins->point_count <= TARE__TIMELINE_POINTS);
    for (size_t i = 0; i < origins->module_count; i++) {
        const struct tare__snapshot_module *module = &origins->modules[i];
        CHECK(strlen(module->name) <= strlen(module->path) && module->build_id_bytes <= sizeof module->build_id);
        CHECK(i == 0 || module->low < module->end);
    }
    for (size_t i = 1; i < origins->frame_count; i++) {
        const struct tare__snapshot_frame *frame = &origins->frames[i];
        CHECK(frame->parent < i && frame->module < origins->module_count);
        CHECK(frame->depth == (frame->parent == 0 ? 1 : origins->frames[frame->parent].depth + 1));
    }
    for (size_t i = 0; i < origins->site_count; i++) {
        CHECK(origins->sites[i].stack < origins->frame_count);
        CHECK(i == 0 || origins->sites[i].bytes_allocated <= origins->sites[i - 1].bytes_allocated);
    }
    for (size_t i = 1; i < origins->point_count; i++)
        CHECK(origins->points[i].time_ns > origins->points[i - 1].time_ns);
}

static void check_process(const struct tare__process *process)
{
    const char *argument = NULL;
    while ((argument = tare__process_argument(process, argument)) != NULL)
        used += strlen(argument);
    used += strlen(process->mode) + strlen(process->allocator) + strlen(process->scope_name);
    used += strlen(process->scope_file);
    CHECK(process->size_count <= TARE__SIZE_RANGES_MAX && process->scope_domain <= TARE_TASK);
    check_origins(&process->origins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct store_maker bases[2];
    if (bases[0].store == NULL) {
        bases[0] = make_base(TARE__STORE_RUN);
        bases[1] = make_base(TARE__STORE_SCOPE);
    }
    struct input input = {data, size};
    uint32_t flags = take(&input, 1);
    char path[64], reason[256] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", lay(&bases[flags & 1], flags, &input));
    struct tare__snapshot snapshot = {0};
    if (tare__recording_read_file(path, &snapshot, reason, sizeof reason) == 0) {
        CHECK_EQUAL(snapshot.process_count, 1);
        check_process(&snapshot.processes[0]);
    } else {
        CHECK(*reason != '\0' && snapshot.processes == NULL);
    }
    tare__snapshot_free(&snapshot);
    return 0;
}
