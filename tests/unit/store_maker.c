/* SPDX-License-Identifier: MIT */
#include "store_maker.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "check.h"

#define ROOM (UINT64_C(1) << 30)

static const uint32_t record_bytes[TARE__PIECE_KINDS] = {
    [TARE__PIECE_SITES] = sizeof(struct tare__site),
    [TARE__PIECE_FRAMES] = sizeof(struct tare__frame),
    [TARE__PIECE_MODULES] = sizeof(struct tare__module),
};

struct store_maker store_begin(enum tare__store_kind kind, uint32_t slot_count)
{
    struct tare__store *store =
        mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(store != MAP_FAILED);
    store->magic = TARE__STORE_MAGIC;
    store->version = TARE__STORE_VERSION;
    store->ready = 1;
    store->kind = kind;
    store->machine = EM_X86_64;
    store->slot_count = slot_count;
    store->slot_bytes = sizeof(struct tare__slot);
    store->pid = 1000;
    store->parent_pid = 999;
    store->started_ns = UINT64_C(1700000000000000000);
    strcpy(store->link_mode, "preload");
    strcpy(store->allocator, "libc.so.6");
    strcpy(store->program, "/usr/bin/program");
    memcpy(store->command, "program\0argument", sizeof "program\0argument");
    store->command_bytes = sizeof "program\0argument";
    store->pieces_offset =
        (offsetof(struct tare__store, slots) + slot_count * sizeof(struct tare__slot) + 4095) & ~UINT64_C(4095);
    store->piece_bytes = TARE__PIECE_BYTES;
    store->timeline.every = 1;
    return (struct store_maker){.store = store, .pieces_offset = store->pieces_offset};
}

void store_end(struct store_maker *maker)
{
    munmap(maker->store, ROOM);
    maker->store = NULL;
}

struct tare__piece *store_piece(const struct store_maker *maker, uint32_t number)
{
    return (void *)((char *)maker->store + maker->pieces_offset + (size_t)number * TARE__PIECE_BYTES);
}

static void *record(const struct store_maker *maker, enum tare__piece_kind kind, uint32_t id)
{
    uint32_t per_piece = TARE__PIECE_BYTES / record_bytes[kind];
    return (char *)store_piece(maker, id / per_piece - maker->ids_before) +
           (size_t)(id % per_piece) * record_bytes[kind];
}

struct tare__module *store_module(const struct store_maker *maker, uint32_t id)
{
    return record(maker, TARE__PIECE_MODULES, id);
}

struct tare__frame *store_frame(const struct store_maker *maker, uint32_t id)
{
    return record(maker, TARE__PIECE_FRAMES, id);
}

static uint32_t add_record(struct store_maker *maker, enum tare__piece_kind kind)
{
    uint32_t per_piece = TARE__PIECE_BYTES / record_bytes[kind];
    uint32_t number = maker->current[kind] - 1;
    if (maker->current[kind] == 0 || store_piece(maker, number)->used == per_piece) {
        number = maker->piece_count++;
        maker->store->piece_count = maker->piece_count;
        CHECK(store_bytes(maker) <= ROOM);
        maker->current[kind] = number + 1;
        *store_piece(maker, number) = (struct tare__piece){.kind = kind,
                                                           .record_bytes = record_bytes[kind],
                                                           .first_id = (maker->ids_before + number) * per_piece,
                                                           .used = 1};
    }
    struct tare__piece *piece = store_piece(maker, number);
    return piece->first_id + piece->used++;
}

uint32_t store_add_module(struct store_maker *maker, uint64_t low, uint64_t end, uint64_t bias, const char *path)
{
    uint32_t id = add_record(maker, TARE__PIECE_MODULES);
    struct tare__module *module = store_module(maker, id);
    *module = (struct tare__module){.low = low, .end = end, .bias = bias};
    CHECK(strlen(path) < sizeof module->path);
    strcpy(module->path, path);
    return id;
}

uint32_t store_add_frame(struct store_maker *maker, uint64_t address, uint32_t parent, uint32_t module, uint32_t flags)
{
    uint32_t id = add_record(maker, TARE__PIECE_FRAMES);
    *store_frame(maker, id) = (struct tare__frame){
        .address = address,
        .parent = parent,
        .module = module,
        .flags = flags,
        .depth = parent == 0 ? 1 : store_frame(maker, parent)->depth + 1,
    };
    return id;
}

struct tare__site *store_add_site(struct store_maker *maker, uint32_t stack, uint32_t scopes, uint64_t allocations,
                                  uint64_t bytes)
{
    struct tare__site *site = record(maker, TARE__PIECE_SITES, add_record(maker, TARE__PIECE_SITES));
    *site = (struct tare__site){
        .stack = stack,
        .scopes = scopes,
        .allocations = allocations,
        .bytes_allocated = bytes,
        .live_blocks = (int64_t)allocations,
        .live_bytes = (int64_t)bytes,
        .peak_at = -1,
    };
    return site;
}

void store_add_point(struct store_maker *maker, uint64_t time_ns, int64_t live_bytes, int64_t peak_bytes)
{
    struct tare__timeline *timeline = &maker->store->timeline;
    CHECK(timeline->count < TARE__TIMELINE_POINTS);
    timeline->points[timeline->count++] = (struct tare__point){time_ns, live_bytes, peak_bytes};
}

static void add_site_to(tare_stats *sum, const struct tare__site *site)
{
    uint64_t blocks = (uint64_t)(site->live_blocks - site->elsewhere_blocks);
    uint64_t bytes = (uint64_t)(site->live_bytes - site->elsewhere_bytes);
    sum->allocations += site->allocations;
    sum->bytes_allocated += site->bytes_allocated;
    sum->reallocations += site->reallocations;
    sum->leaked_allocations += blocks;
    sum->leaked_bytes += bytes;
    sum->deallocations += site->allocations - blocks;
    sum->bytes_deallocated += site->bytes_allocated - bytes;
}

void store_add_up(struct store_maker *maker)
{
    struct tare__store *store = maker->store;
    tare_stats sum = {0};
    for (uint32_t i = 0; i < store->piece_count; i++) {
        const struct tare__piece *piece = store_piece(maker, i);
        const struct tare__site *sites = (const void *)piece;
        for (uint32_t place = 1; piece->kind == TARE__PIECE_SITES && place < piece->used; place++)
            add_site_to(&sum, &sites[place]);
    }
    sum.peak_bytes = sum.leaked_bytes;
    store->peak_net = (int64_t)sum.peak_bytes;
    if (store->kind == TARE__STORE_SCOPE) {
        store->scope.stats = sum;
        return;
    }
    struct tare__counters *counters = &store->slots[0].counters;
    counters->allocations = sum.allocations;
    counters->bytes_allocated = sum.bytes_allocated;
    counters->reallocations = sum.reallocations;
    counters->deallocations = sum.deallocations;
    counters->bytes_deallocated = sum.bytes_deallocated;
    store->slots[0].histogram[4] = sum.allocations; /* of 8 to 15 bytes */
    store->shared = (struct tare__shared){store->peak_net, store->peak_net};
}

size_t store_bytes(const struct store_maker *maker)
{
    return maker->pieces_offset + (size_t)maker->piece_count * TARE__PIECE_BYTES;
}

void store_write_bytes(const struct store_maker *maker, const char *path, size_t bytes)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    for (size_t written = 0; written < bytes;) {
        ssize_t part = write(file, (const char *)maker->store + written, bytes - written);
        CHECK(part > 0);
        written += (size_t)part;
    }
    close(file);
}

void store_write(const struct store_maker *maker, const char *path)
{
    store_write_bytes(maker, path, store_bytes(maker));
}
