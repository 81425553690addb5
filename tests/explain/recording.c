/* SPDX-License-Identifier: MIT */
/* Store files into snapshots: every figure, every refusal with what is wrong and
 * where, and files that are written while they are read. */
#include "recording.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"
#include "pieces.h"
#include "store_maker.h"

static char directory[] = "/tmp/tare-recording-XXXXXX";
static char path[256];
static char reason[512];

static const char *file_named(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* What is read back of a store. */
static struct tare__snapshot reread(const struct store_maker *maker)
{
    struct tare__snapshot snapshot = {0};
    store_write(maker, file_named("some.tare"));
    reason[0] = '\0';
    int error = tare__recording_read_file(path, &snapshot, reason, sizeof reason);
    if (error != 0)
        dprintf(2, "refused: %s\n", reason);
    CHECK_EQUAL(error, 0);
    CHECK_EQUAL(snapshot.process_count, 1);
    unlink(path);
    return snapshot;
}

/* A store with three sites in two stacks that share their outermost frame. */
static uint32_t program, library, outer, left, right;

static struct store_maker three_sites(enum tare__store_kind kind)
{
    struct store_maker maker = store_begin(kind, TARE__STORE_SLOTS);
    program = store_add_module(&maker, 0x1000, 0x9000, 0x800, "/usr/bin/program");
    library = store_add_module(&maker, 0x10000, 0x20000, 0x10000, "/usr/lib/library.so");
    store_module(&maker, program)->is_program = 1;
    outer = store_add_frame(&maker, 0x1100, 0, program, 0);
    left = store_add_frame(&maker, 0x10100, outer, library, 0);
    right = store_add_frame(&maker, 0x10200, outer, library, TARE__FRAME_EXACT);
    store_add_site(&maker, left, 1, 2, 20);
    store_add_site(&maker, left, 3, 5, 50);
    store_add_site(&maker, right, 1, 7, 700);
    store_add_up(&maker);
    return maker;
}

/* ---- Figures ---------------------------------------------------------------- */

static void test_run(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    maker.store->sequence = 4;
    maker.store->machine = EM_AARCH64; /* whatever machine this is read on */
    maker.store->forked = 1;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__process *process = &snapshot.processes[0];
    CHECK(!process->is_scope && !process->running && process->forked && !process->command_cut);
    CHECK_EQUAL(process->pid, 1000);
    CHECK_EQUAL(process->parent_pid, 999);
    CHECK_EQUAL(process->sequence, 4);
    CHECK(strcmp(process->mode, "preload") == 0 && strcmp(process->allocator, "libc.so.6") == 0);
    const char *first = tare__process_argument(process, NULL);
    CHECK(strcmp(first, "program") == 0 && strcmp(tare__process_argument(process, first), "argument") == 0);
    CHECK_EQUAL(process->stats.allocations, 14);
    CHECK_EQUAL(process->stats.bytes_allocated, 770);
    CHECK_EQUAL(process->stats.peak_bytes, 770);
    CHECK_EQUAL(process->stats.inexact, 0);
    CHECK_EQUAL(process->size_count, 1);
    CHECK_EQUAL(process->sizes[0].low, 8);
    CHECK_EQUAL(process->sizes[0].high, 15);
    CHECK_EQUAL(process->sizes[0].allocations, 14);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

static void test_origins(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    memcpy(store_module(&maker, library)->build_id, "\1\2\3", 3);
    store_module(&maker, library)->build_id_bytes = 3;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->module_count, 3);
    CHECK(origins->modules[1].is_program && !origins->modules[2].is_program);
    CHECK(strcmp(origins->modules[1].path, "/usr/bin/program") == 0);
    CHECK(strcmp(origins->modules[2].name, "library.so") == 0);
    CHECK_EQUAL(origins->modules[1].bias, 0x800);
    CHECK_EQUAL(origins->modules[2].low, 0x10000);
    CHECK_EQUAL(origins->modules[2].end, 0x20000);
    CHECK_EQUAL(origins->modules[2].build_id_bytes, 3);
    CHECK(memcmp(origins->modules[2].build_id, "\1\2\3", 3) == 0);

    CHECK_EQUAL(origins->frame_count, 4);
    CHECK_EQUAL(origins->site_count, 2); /* the most bytes first */
    const struct tare__snapshot_site *one = &origins->sites[0], *other = &origins->sites[1];
    CHECK_EQUAL(one->allocations, 7);
    CHECK_EQUAL(one->bytes_allocated, 700);
    CHECK_EQUAL(other->allocations, 2 + 5);
    CHECK_EQUAL(other->bytes_allocated, 20 + 50);
    CHECK_EQUAL(other->live_blocks, 7);
    CHECK_EQUAL(other->peak_bytes, 70);
    const struct tare__snapshot_frame *frame = &origins->frames[one->stack];
    CHECK_EQUAL(frame->address, 0x10200);
    CHECK_EQUAL(frame->flags, TARE__FRAME_EXACT);
    CHECK_EQUAL(frame->module, 2);
    CHECK_EQUAL(frame->depth, 2);
    CHECK_EQUAL(frame->place_count, 0);
    CHECK_EQUAL(frame->parent, origins->frames[other->stack].parent);
    CHECK_EQUAL(origins->frames[frame->parent].address, 0x1100);
    CHECK_EQUAL(origins->frames[frame->parent].parent, 0);

    CHECK_EQUAL(origins->siteless_allocations, 0);
    CHECK_EQUAL(origins->siteless_bytes, 0);
    CHECK_EQUAL(origins->siteless_live_blocks, 0);
    CHECK_EQUAL(origins->siteless_live_bytes, 0);
    CHECK_EQUAL(origins->siteless_peak_bytes, 0);
    CHECK_EQUAL(origins->truncated_allocations, 0);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

static void test_scope(void)
{
    struct store_maker maker = three_sites(TARE__STORE_SCOPE);
    struct tare__saved_scope *scope = &maker.store->scope;
    strcpy(scope->name, "parsing");
    strcpy(scope->file, "test.c");
    scope->line = 12;
    scope->domain = TARE_TASK;
    scope->stats.inexact = TARE_INEXACT_LOST;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__process *process = &snapshot.processes[0];
    CHECK(process->is_scope && !process->running);
    CHECK(strcmp(process->scope_name, "parsing") == 0 && strcmp(process->scope_file, "test.c") == 0);
    CHECK_EQUAL(process->scope_line, 12);
    CHECK_EQUAL(process->scope_domain, TARE_TASK);
    CHECK_EQUAL(process->stats.bytes_allocated, 770);
    CHECK_EQUAL(process->stats.inexact, TARE_INEXACT_LOST);
    CHECK_EQUAL(process->size_count, 0);
    CHECK_EQUAL(process->origins.site_count, 2);
    CHECK_EQUAL(process->origins.siteless_bytes, 0);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* A site's share is what was live at the peak: kept where it has changed since, else what is live. */
static void check_peak(enum tare__store_kind kind, int64_t run_peak, int64_t shared_peak, int64_t peak_net)
{
    struct store_maker maker = store_begin(kind, TARE__STORE_SLOTS);
    struct tare__site *kept = store_add_site(&maker, 0, 0, 10, 1000);
    kept->peak_at = 900, kept->peak_blocks = 6, kept->peak_bytes = 600;
    struct tare__site *older = store_add_site(&maker, store_add_frame(&maker, 0x99, 0, 0, 0), 0, 10, 100);
    older->peak_at = 800, older->peak_blocks = 1, older->peak_bytes = 1;
    older->elsewhere_blocks = 3, older->elsewhere_bytes = 30;
    store_add_up(&maker);
    maker.store->run_peak = run_peak;
    maker.store->shared.peak = shared_peak;
    maker.store->peak_net = peak_net;
    maker.store->scope.stats.peak_bytes = 680;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__snapshot_site *sites = snapshot.processes[0].origins.sites;
    CHECK_EQUAL(sites[0].peak_blocks, 6);
    CHECK_EQUAL(sites[0].peak_bytes, 600);
    CHECK_EQUAL(sites[0].live_bytes, 1000);
    CHECK_EQUAL(sites[1].peak_blocks, 7);
    CHECK_EQUAL(sites[1].peak_bytes, 70);
    CHECK_EQUAL(sites[1].live_blocks, 7);
    CHECK_EQUAL(sites[1].live_bytes, 70);
    if (kind == TARE__STORE_SCOPE)
        CHECK_EQUAL(snapshot.processes[0].origins.siteless_peak_bytes, 10);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

static void test_peak(void)
{
    check_peak(TARE__STORE_RUN, 900, 100, 0);
    check_peak(TARE__STORE_RUN, 100, 900, 0);
    check_peak(TARE__STORE_SCOPE, 0, 0, 900);
}

static void test_siteless(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    struct tare__counters *counters = &maker.store->slots[1023].counters;
    counters->allocations = 3;
    counters->bytes_allocated = 30;
    counters->deallocations = 1;
    counters->bytes_deallocated = 10;
    maker.store->run_peak = 791;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->siteless_allocations, 3);
    CHECK_EQUAL(origins->siteless_bytes, 30);
    CHECK_EQUAL(origins->siteless_live_blocks, 2);
    CHECK_EQUAL(origins->siteless_live_bytes, 20);
    CHECK_EQUAL(origins->siteless_peak_bytes, 21);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

static void test_truncated_stacks(void)
{
    struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
    uint32_t marker = store_add_frame(&maker, TARE__TRUNCATED_DEPTH, 0, 0, TARE__FRAME_TRUNCATED);
    uint32_t deep = store_add_frame(&maker, 0x77, store_add_frame(&maker, 0x66, marker, 0, 0), 0, 0);
    store_add_site(&maker, deep, 0, 4, 40);
    store_add_site(&maker, marker, 0, 1, 10);
    store_add_site(&maker, store_add_frame(&maker, 0x66, 0, 0, 0), 0, 16, 160);
    store_add_site(&maker, 0, 0, 32, 320);
    struct tare__snapshot snapshot = reread(&maker);
    CHECK_EQUAL(snapshot.processes[0].origins.truncated_allocations, 4 + 1);
    CHECK_EQUAL(snapshot.processes[0].origins.site_count, 4);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* The runtime's pools stay apart from what the same stack allocated otherwise. */
static void test_runtime(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    store_add_site(&maker, left, TARE__SCOPES_RUNTIME, 1, 72704);
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->site_count, 3);
    CHECK(origins->sites[0].is_runtime && !origins->sites[1].is_runtime && !origins->sites[2].is_runtime);
    CHECK_EQUAL(origins->sites[0].bytes_allocated, 72704);
    CHECK_EQUAL(origins->sites[0].stack, origins->sites[2].stack);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* A site whose scopes have ended starts from 0, and its stack may be one that is gone. */
static void test_blank_site(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    store_add_site(&maker, 99999, 1, 0, 0);
    store_add_site(&maker, left, 1, 0, 30)->reallocations = 1; /* only ever grew what others had made */
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->site_count, 2);
    CHECK_EQUAL(origins->sites[1].bytes_allocated, 20 + 50 + 30);
    CHECK_EQUAL(origins->sites[1].reallocations, 1);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* Two threads may each have written the same frames. */
static void test_frames_written_twice(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    uint32_t again = store_add_frame(&maker, 0x1100, 0, program, 0);
    store_add_site(&maker, store_add_frame(&maker, 0x10100, again, library, 0), 9, 100, 1);
    store_add_site(&maker, store_add_frame(&maker, 0x10100, again, program, 0), 9, 1000, 1); /* another module */
    store_add_site(&maker, store_add_frame(&maker, 0x10100, again, library, TARE__FRAME_EXACT), 9, 10000, 1);
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->frame_count, 6);
    CHECK_EQUAL(origins->site_count, 4);
    CHECK_EQUAL(origins->sites[1].allocations, 2 + 5 + 100);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* More records than fit one piece, in pieces that lie between others. */
static void test_many_pieces(void)
{
    enum { STACKS = 20000, DEPTH = 50000 };
    struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
    maker.ids_before = 70000; /* as in a child of fork */
    uint32_t frame = 0, module = 0;
    for (uint32_t i = 0; i < DEPTH; i++) {
        if (i % 500 == 0)
            module = store_add_module(&maker, 0x1000 * (i + 1), 0x1000 * (i + 2), 0, "/lib/one of many");
        frame = store_add_frame(&maker, 0x1000 * (i + 1), frame, module, 0);
    }
    for (uint64_t i = 1; i <= STACKS; i++)
        store_add_site(&maker, store_add_frame(&maker, i, frame, 0, 0), 0, 1, i);
    store_add_up(&maker);
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->frame_count, 1 + STACKS + DEPTH);
    CHECK_EQUAL(origins->module_count, 1 + 100);
    CHECK_EQUAL(origins->site_count, STACKS);
    CHECK_EQUAL(origins->siteless_bytes, 0);
    for (uint64_t i = 0; i < STACKS; i++) {
        CHECK_EQUAL(origins->sites[i].bytes_allocated, STACKS - i);
        CHECK_EQUAL(origins->frames[origins->sites[i].stack].address, STACKS - i);
        CHECK_EQUAL(origins->frames[origins->sites[i].stack].depth, DEPTH + 1);
    }
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

static void test_timeline(void)
{
    struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
    store_add_point(&maker, 10, 100, 200);
    store_add_point(&maker, 30, -5, 200);
    store_add_point(&maker, 20, 7, 8); /* left behind by who was killed while dropping points */
    store_add_point(&maker, 30, -5, 200);
    store_add_point(&maker, 40, 50, 300);
    maker.store->timeline.writing = 1;
    struct tare__snapshot snapshot = reread(&maker);
    const struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(origins->point_count, 3);
    CHECK_EQUAL(origins->points[1].time_ns, 30);
    CHECK_EQUAL(origins->points[1].live_bytes, -5);
    CHECK_EQUAL(origins->points[2].peak_bytes, 300);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* ---- Refusals --------------------------------------------------------------- */

static void refused_file(const char *expected)
{
    struct tare__snapshot snapshot = {0};
    CHECK_EQUAL(tare__recording_read_file(path, &snapshot, reason, sizeof reason), EBADMSG);
    CHECK_CONTAINS(reason, expected);
    CHECK(snapshot.processes == NULL);
    tare__snapshot_free(&snapshot);
    unlink(path);
}

static void refused(struct store_maker *maker, const char *expected)
{
    store_write(maker, file_named("some.tare"));
    refused_file(expected);
    store_end(maker);
}

/* Sets a field of a fresh three_sites() and expects it to be refused. */
#define REFUSED(field, value, expected)                                                                                \
    do {                                                                                                               \
        struct store_maker maker = three_sites(TARE__STORE_RUN);                                                       \
        (maker.store->field) = (value);                                                                                \
        refused(&maker, expected);                                                                                     \
    } while (0)
#define REFUSED_RECORD(record, field, value, expected)                                                                 \
    do {                                                                                                               \
        struct store_maker maker = three_sites(TARE__STORE_RUN);                                                       \
        (record)->field = (value);                                                                                     \
        refused(&maker, expected);                                                                                     \
    } while (0)

static void test_damaged_header(void)
{
    REFUSED(magic, 1, "it is no record of tare's");
    REFUSED(version, 3, "it is of version 3 of the format, and this tare reads version 2");
    REFUSED(version, 1, "it is of version 1 of the format");
    REFUSED(kind, 2, "its kind is unknown");
    REFUSED(machine, 3, "its machine is unknown");
    REFUSED(slot_count, 65537, "65537 slots");
    REFUSED(slot_count, 65536, "it is truncated: its slots end at");
    REFUSED(slot_bytes, 64, "slots of 64 bytes");
    REFUSED(command_bytes, 1025, "its command line is too long");
    REFUSED(pieces_offset, 4096, "3 pieces of 65536 bytes from 4096");
    REFUSED(pieces_offset, UINT64_MAX - 65536, "3 pieces of 65536 bytes from");
    REFUSED(piece_bytes, 65535, "3 pieces of 65535 bytes");
    REFUSED(piece_count, 4, "it is truncated: its pieces end at");
    REFUSED(piece_count, 262145, "262145 pieces of");
    REFUSED(timeline.count, 1025, "1025 points of time");
    REFUSED(slots[5].counters.bytes_allocated, UINT64_MAX / 4, "the figures from offset");
    REFUSED(slots[5].counters.foreign.blocks, INT64_MIN, "the figures from offset");
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    memset(maker.store->link_mode, 'x', sizeof maker.store->link_mode);
    refused(&maker, "a name has no end");
    maker = three_sites(TARE__STORE_SCOPE);
    maker.store->scope.domain = TARE_TASK + 1;
    refused(&maker, "unknown domain");
    maker = three_sites(TARE__STORE_SCOPE);
    memset(maker.store->scope.file, 'x', sizeof maker.store->scope.file);
    refused(&maker, "scope's name has no end");
}

static void test_unfinished_header(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    struct tare__snapshot snapshot = {0};
    maker.store->ready = 0;
    store_write(&maker, file_named("some.tare"));
    CHECK_EQUAL(tare__recording_read_file(path, &snapshot, reason, sizeof reason), ENODATA);
    CHECK_CONTAINS(reason, "ended before");
    store_end(&maker);
}

/* Piece 0 has the modules, 1 the frames, 2 the sites. */
static void test_damaged_pieces(void)
{
    REFUSED_RECORD(store_piece(&maker, 0), kind, 0, "piece 0 at offset 7");
    REFUSED_RECORD(store_piece(&maker, 0), kind, 4, "its kind is unknown");
    REFUSED_RECORD(store_piece(&maker, 1), kind, TARE__PIECE_SITES, "its records are of another size");
    REFUSED_RECORD(store_piece(&maker, 1), record_bytes, 64, "its records are of another size");
    REFUSED_RECORD(store_piece(&maker, 2), used, 0, "it can't hold so many records");
    REFUSED_RECORD(store_piece(&maker, 2), used, 513, "it can't hold so many records");
    REFUSED_RECORD(store_piece(&maker, 2), first_id, 1, "its first id can't be");
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    maker.store->piece_count = maker.piece_count = 4;
    *store_piece(&maker, 3) = *store_piece(&maker, 2);
    refused(&maker, "have the same ids");
}

static void test_damaged_records(void)
{
    REFUSED_RECORD(store_module(&maker, library), low, UINT64_MAX, "module 2 at offset");
    REFUSED_RECORD(store_module(&maker, library), build_id_bytes, 65, "its build ID is too long");
    REFUSED_RECORD(store_frame(&maker, left), parent, 9, "its caller is not there");
    REFUSED_RECORD(store_frame(&maker, outer), parent, left, "its depth is not one more");
    REFUSED_RECORD(store_frame(&maker, left), parent, left, "its depth is not one more");
    REFUSED_RECORD(store_frame(&maker, left), depth, 1, "its depth is not one more");
    REFUSED_RECORD(store_frame(&maker, outer), depth, 0, "its depth is not one more");
    REFUSED_RECORD(store_frame(&maker, left), module, 3, "its module is not there");
    REFUSED_RECORD(store_frame(&maker, left), module, UINT32_MAX, "its module is not there");
    REFUSED_RECORD(store_frame(&maker, left), flags, 4, "its flags can't be");
    REFUSED_RECORD(store_frame(&maker, left), flags, TARE__FRAME_TRUNCATED, "callers are missing, and has some");
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    store_add_site(&maker, store_add_frame(&maker, 4, 0, 0, TARE__FRAME_TRUNCATED), 0, 1, 1);
    refused(&maker, "it does not say why");
    maker = three_sites(TARE__STORE_RUN);
    memset(store_module(&maker, program)->path, 'x', sizeof store_module(&maker, program)->path);
    refused(&maker, "its path has no end");
    maker = three_sites(TARE__STORE_RUN);
    store_add_site(&maker, 5000000, 1, 1, 1);
    refused(&maker, "its stack is not there");
    maker = three_sites(TARE__STORE_RUN);
    store_add_site(&maker, 2048, 1, 1, 1); /* where the piece's own header is */
    refused(&maker, "its stack is not there");
}

/* Damage in what no site leads to is not looked at: it may be half written. */
static void test_half_written(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    store_add_frame(&maker, 1, 0, 77, 255);
    struct tare__snapshot snapshot = reread(&maker);
    CHECK_EQUAL(snapshot.processes[0].origins.frame_count, 4);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
}

/* Wherever it is cut off. */
static void test_truncated(void)
{
    struct store_maker maker = three_sites(TARE__STORE_RUN);
    size_t bytes = store_bytes(&maker);
    for (size_t kept = 1; kept < bytes; kept += kept < 4096 ? 7 : 9973) {
        store_write_bytes(&maker, file_named("some.tare"), kept);
        refused_file(kept < 24 ? "it is no record of tare's" : "it is truncated");
    }
    store_write_bytes(&maker, file_named("some.tare"), bytes - 1);
    refused_file("it is truncated: its pieces end at");
    store_end(&maker);
}

static void test_no_file(void)
{
    struct tare__snapshot snapshot = {0};
    CHECK_EQUAL(tare__recording_read_path("/nowhere/some.tare", &snapshot, reason, sizeof reason), ENOENT);
    CHECK_CONTAINS(reason, "No such file");
    CHECK(mkfifo(file_named("fifo.tare"), 0600) == 0);
    CHECK_EQUAL(tare__recording_read_path(path, &snapshot, reason, sizeof reason), EINVAL);
    CHECK_CONTAINS(reason, "it is no file, or an empty one");
    unlink(path);
    CHECK_EQUAL(tare__recording_read_file(directory, &snapshot, reason, sizeof reason), EISDIR);
    CHECK_EQUAL(tare__recording_read_path("/dev/zero", &snapshot, reason, sizeof reason), EINVAL);
}

/* ---- Directories ------------------------------------------------------------ */

static void write_image(const char *name, int pid, uint32_t sequence, uint64_t started_ns, uint64_t allocations)
{
    struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
    maker.store->pid = pid;
    maker.store->sequence = sequence;
    maker.store->started_ns = started_ns;
    if (allocations != 0)
        store_add_site(&maker, 0, 0, allocations, 8 * allocations);
    store_add_up(&maker);
    store_write(&maker, file_named(name));
    store_end(&maker);
}

static void test_directory(void)
{
    struct tare__snapshot snapshot = {0};
    CHECK_EQUAL(tare__recording_read_path(directory, &snapshot, reason, sizeof reason), EBADMSG);
    CHECK_CONTAINS(reason, "no file in it ends in .tare");
    write_image("20-0.tare", 20, 0, 1, 0); /* a shell that only executed the program */
    write_image("20-1.tare", 20, 1, 2, 5);
    write_image("10-0.tare", 10, 0, 3, 6); /* its child, whose pid is less */
    write_image("bad.tare", 30, 0, 0, 7);
    CHECK(truncate(file_named("bad.tare"), 100) == 0);
    CHECK_EQUAL(tare__recording_read_path(directory, &snapshot, reason, sizeof reason), 0);
    CHECK_EQUAL(snapshot.process_count, 2);
    CHECK_EQUAL(snapshot.main, 0);
    CHECK_EQUAL(snapshot.processes[0].stats.allocations, 5);
    CHECK_EQUAL(snapshot.processes[1].stats.allocations, 6);
    CHECK_EQUAL(snapshot.refused_count, 1);
    CHECK_CONTAINS(snapshot.refused_reason, "bad.tare: it is truncated: its header ends at");
    tare__snapshot_free(&snapshot);
    unlink(file_named("20-0.tare"));
    unlink(file_named("20-1.tare"));
    unlink(file_named("10-0.tare"));
    snapshot = (struct tare__snapshot){0};
    CHECK_EQUAL(tare__recording_read_path(directory, &snapshot, reason, sizeof reason), EBADMSG);
    CHECK_CONTAINS(reason, "bad.tare: it is truncated");
    tare__snapshot_free(&snapshot);
    unlink(file_named("bad.tare"));
}

/* ---- While it is written ------------------------------------------------------ */

enum { ROUNDS = 200, STACKS_A_ROUND = 300, STACK_DEPTH = 8 };

struct growing {
    struct store_maker maker;   /* what is to be written */
    struct tare__store *target; /* what others see of it */
};

static struct tare__piece *target_piece(const struct growing *growing, uint32_t number)
{
    return (void *)((char *)growing->target + growing->target->pieces_offset + (size_t)number * TARE__PIECE_BYTES);
}

/* With no record in them yet. */
static void lay_new_pieces(const struct growing *growing)
{
    uint32_t count = growing->maker.store->piece_count;
    for (uint32_t i = growing->target->piece_count; i < count; i++) {
        *target_piece(growing, i) = *store_piece(&growing->maker, i);
        target_piece(growing, i)->used = 1;
    }
    __atomic_store_n(&growing->target->piece_count, count, __ATOMIC_RELEASE);
}

static void lay_records(const struct growing *growing, enum tare__piece_kind kind)
{
    for (uint32_t i = 0; i < growing->target->piece_count; i++) {
        const struct tare__piece *piece = store_piece(&growing->maker, i);
        struct tare__piece *target = target_piece(growing, i);
        if (piece->kind != (uint32_t)kind)
            continue;
        size_t from = (size_t)target->used * piece->record_bytes, to = (size_t)piece->used * piece->record_bytes;
        memcpy((char *)target + from, (const char *)piece + from, to - from);
        __atomic_store_n(&target->used, piece->used, __ATOMIC_RELEASE);
    }
}

static void add_round(struct store_maker *maker, uint64_t round)
{
    for (uint64_t i = 0; i < STACKS_A_ROUND; i++) {
        uint32_t frame = 0;
        for (uint64_t depth = 0; depth < STACK_DEPTH; depth++)
            frame = store_add_frame(maker, round << 32 | i << 16 | depth, frame, 0, 0);
        store_add_site(maker, frame, 0, 1, 10);
    }
}

/* In the order that a process writes in. */
static void write_on(struct growing *growing)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        add_round(&growing->maker, round);
        lay_new_pieces(growing);
        lay_records(growing, TARE__PIECE_FRAMES);
        lay_records(growing, TARE__PIECE_SITES);
    }
}

static pid_t start_writer(const char *file_path)
{
    pid_t writer = fork();
    if (writer != 0)
        return writer;
    struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
    maker.store->pid = getpid();
    store_write(&maker, file_path);
    int file = open(file_path, O_RDWR | O_CLOEXEC);
    CHECK(file >= 0 && ftruncate(file, 64 << 20) == 0);
    struct tare__store *store = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(store != MAP_FAILED);
    write_on(&(struct growing){maker, store});
    pause(); /* so that it counts as running all the time */
    _exit(0);
}

static void test_while_written(void)
{
    size_t last = 0, expected = ROUNDS * STACKS_A_ROUND;
    bool ran = false;
    pid_t writer = start_writer(file_named("written.tare"));
    while (last < expected) {
        struct tare__snapshot snapshot = {0};
        int error = tare__recording_read_file(path, &snapshot, reason, sizeof reason);
        if (error == 0) {
            const struct tare__process *process = &snapshot.processes[0];
            CHECK(process->origins.site_count >= last && process->origins.site_count <= expected);
            last = process->origins.site_count;
            ran |= process->running;
            CHECK(process->running || last == 0);
            CHECK(process->origins.frame_count == 1 + last * STACK_DEPTH);
        } else {
            CHECK(last == 0); /* not made yet */
        }
        tare__snapshot_free(&snapshot);
    }
    CHECK(ran);
    kill(writer, SIGKILL);
    CHECK_EQUAL(waitpid(writer, NULL, 0), writer);
    struct tare__snapshot snapshot = {0};
    CHECK_EQUAL(tare__recording_read_file(path, &snapshot, reason, sizeof reason), 0);
    CHECK(!snapshot.processes[0].running);
    tare__snapshot_free(&snapshot);
    unlink(path);
}

int main(void)
{
    CHECK(mkdtemp(directory) != NULL);
    test_run();
    test_origins();
    test_scope();
    test_peak();
    test_siteless();
    test_truncated_stacks();
    test_runtime();
    test_blank_site();
    test_frames_written_twice();
    test_many_pieces();
    test_timeline();
    test_damaged_header();
    test_unfinished_header();
    unlink(path);
    test_damaged_pieces();
    test_damaged_records();
    test_half_written();
    test_truncated();
    test_no_file();
    test_directory();
    test_while_written();
    CHECK(rmdir(directory) == 0);
    return 0;
}
