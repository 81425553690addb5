/* SPDX-License-Identifier: MIT */
/*
 * Reads a store and finds the places of this very program, and each time another
 * allocation of ours fails: that is an error, and never an end or a leak. libdw's own
 * are spared, since it crashes where some of them fail (0.188, dwfl_module_addrinfo()).
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>

#include "check.h"
#include "recording.h"
#include "store_maker.h"
#include "symbol.h"

/* ---- A malloc that fails when told --------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

extern const char __executable_start[], etext[];

static long left = -1; /* calls until one fails; below 0 none does */
static long live;

static bool fails_for(const char *caller)
{
    bool is_ours = caller >= __executable_start && caller < etext;
    return is_ours && left >= 0 && left-- == 0;
}
#define FAILS() fails_for(__builtin_return_address(0))

static void *made(void *block)
{
    live += block != NULL;
    return block;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return FAILS() ? no_memory() : made(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return FAILS() ? no_memory() : made(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    if (FAILS())
        return no_memory();
    void *moved = __libc_realloc(block, size);
    live += block == NULL && moved != NULL;
    return moved;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    if (FAILS())
        return no_memory();
    void *moved = __libc_realloc(block, count * size);
    live += block == NULL && moved != NULL;
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS() ? no_memory() : made(__libc_memalign(alignment, size));
}

void free(void *block)
{
    live -= block != NULL;
    __libc_free(block);
}

/* ---- What is read ---------------------------------------------------------------- */

static char path[] = "/tmp/tare-no-memory-XXXXXX";

static int is_program(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr;
    return 1; /* it comes first */
}

static void make_store(void)
{
    struct store_maker maker = store_begin(TARE__STORE_RUN, 1);
    uint64_t bias = 0, here = (uint64_t)(uintptr_t)make_store;
    dl_iterate_phdr(is_program, &bias);
    uint32_t program = store_add_module(&maker, here & ~UINT64_C(0xffff), here + 0x10000, bias, "/proc/self/exe");
    uint32_t frame = 0;
    for (uint64_t i = 0; i < 40; i++)
        frame = store_add_frame(&maker, here + 2 + i % 20, frame, program, 0);
    store_add_site(&maker, frame, 0, 1, 1);
    store_add_point(&maker, 1, 1, 1);
    store_add_up(&maker);
    CHECK(close(mkstemp(path)) == 0);
    store_write(&maker, path);
    store_end(&maker);
}

/* ---- The sweep ------------------------------------------------------------------ */

/* Whether no allocation failed: there were no more than nth. */
static bool reads(long nth, struct tare__snapshot *snapshot)
{
    char reason[256] = "";
    left = nth;
    int error = tare__recording_read_file(path, snapshot, reason, sizeof reason);
    bool failed = nth >= 0 && left < 0;
    left = -1;
    CHECK(error == (failed ? ENOMEM : 0));
    if (failed)
        CHECK_CONTAINS(reason, "there is no memory");
    return !failed;
}

static void sweep_reading(void)
{
    bool done = false;
    for (long nth = 0; !done; nth++) {
        long before = live;
        struct tare__snapshot snapshot = {0};
        done = reads(nth, &snapshot);
        tare__snapshot_free(&snapshot);
        CHECK_EQUAL(live, before);
        CHECK(!done || nth > 20);
    }
}

static bool knows_this(const struct tare__origins *origins)
{
    for (size_t i = 0; i < origins->place_count; i++)
        if (origins->places[i].function != NULL && strcmp(origins->places[i].function, "make_store") == 0)
            return true;
    return false;
}

static void sweep_symbolizing(void)
{
    bool done = false;
    for (long nth = 0; !done; nth++) {
        long before = live;
        struct tare__snapshot snapshot = {0};
        CHECK(reads(-1, &snapshot));
        left = nth;
        int error = tare__symbolize(&snapshot.processes[0].origins, NULL);
        done = left >= 0;
        left = -1;
        CHECK_EQUAL(error, done ? 0 : ENOMEM);
        CHECK(!done || (nth >= 8 && knows_this(&snapshot.processes[0].origins)));
        tare__snapshot_free(&snapshot);
        CHECK(nth == 0 || live == before); /* libdw and libc keep something the first time */
    }
}

int main(void)
{
    make_store();
    sweep_reading();
    sweep_symbolizing();
    unlink(path);
    return 0;
}
