/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "birth.h"
#include "capture_pieces.h"
#include "capture_store.h"
#include "compiler.h"
#include "environment.h"
#include "file_name.h"
#include "os.h"
#include "real.h"
#include "site.h"
#include "start.h"
#include "text.h"
#include "thread.h"
#include "timeline.h"

#if defined(__x86_64__)
#define TARE__MACHINE EM_X86_64
#else
#define TARE__MACHINE EM_AARCH64
#endif

#define IMAGES_MAX 100000u /* program images of one pid: how many names are tried */

static struct tare__store unrecorded;
struct tare__store *tare__store = &unrecorded;
bool tare__store_recorded;

static const char *directory;
static char path[1024]; /* of the store's file */

static void set(char *field, size_t bytes, const char *text)
{
    struct tare__text whole = tare__text_in(field, bytes);
    tare__text_add(&whole, text);
}

static void copy_command(struct tare__store *store)
{
    char **arguments = tare__os_arguments();
    uint32_t length = 0;
    for (; arguments != NULL && *arguments != NULL; arguments++) {
        size_t bytes = strlen(*arguments) + 1;
        if (bytes > sizeof store->command - length) {
            store->command_cut = 1;
            break;
        }
        memcpy(store->command + length, *arguments, bytes);
        length += (uint32_t)bytes;
    }
    store->command_bytes = length;
}

void tare__store_describe(struct tare__store *store, uint32_t sequence, bool forked)
{
    store->magic = TARE__STORE_MAGIC;
    store->version = TARE__STORE_VERSION;
    store->machine = TARE__MACHINE;
    store->slot_count = TARE__STORE_SLOTS;
    store->slot_bytes = sizeof store->slots[0];
    store->pid = tare__process_pid;
    store->parent_pid = tare__os_parent_pid();
    store->sequence = sequence;
    store->forked = forked;
    store->started_ns = tare__os_wall_clock_ns();
    set(store->link_mode, sizeof store->link_mode, tare__link_mode());
    set(store->allocator, sizeof store->allocator, tare__file_name(tare__real.path));
    tare__os_program_path(store->program, sizeof store->program);
    copy_command(store);
}

/* A file of this process's own, at address if that is not NULL. */
static struct tare__store *create(void *address, bool forked)
{
    for (uint32_t sequence = 0; sequence < IMAGES_MAX; sequence++) {
        struct tare__text text = tare__text_in(path, sizeof path);
        tare__text_add(&text, directory);
        tare__text_add(&text, "/");
        tare__text_add_unsigned(&text, (uint32_t)tare__process_pid);
        tare__text_add(&text, "-");
        tare__text_add_unsigned(&text, sequence);
        tare__text_add(&text, TARE__STORE_SUFFIX);
        int error;
        size_t room = address == NULL ? TARE__PIECES_AT_START * TARE__PIECE_BYTES : 0;
        struct tare__store *store = tare__os_map_new_file(path, sizeof *store + room, address, &error);
        if (store != NULL) {
            tare__pieces_start(store, path, room != 0);
            tare__store_describe(store, sequence, forked);
            tare__timeline_start(store);
            __atomic_store_n(&store->ready, 1, __ATOMIC_RELEASE);
            return store;
        }
        if (error != EEXIST)
            break;
    }
    return NULL;
}

void tare__store_start(void)
{
    directory = tare__environment_get(TARE__ENVIRONMENT_STORE);
    if (directory == NULL)
        return;
    if (!tare__environment_follow())
        tare__environment_forget();
    struct tare__store *store = create(NULL, false);
    if (store == NULL)
        return; /* `tare run` finds no store and says so */
    tare__store = store;
    tare__store_recorded = true;
}

void tare__store_fork(bool foretold)
{
    if (!tare__store_recorded)
        return;
    bool follow = tare__environment_follow();
    enum tare__pieces_left left = tare__pieces_leave_file(foretold);
    tare__sites_leave_file(left == TARE__PIECES_WHOLE);
    tare__pieces_start(NULL, NULL, false);
    if (follow && create(tare__store, true) != NULL) {
        if (left == TARE__PIECES_LOST)
            tare__store_mark_inexact(TARE_INEXACT_LOST);
        return;
    }
    if (follow)
        __atomic_add_fetch(&tare__store->children_lost, 1, __ATOMIC_RELAXED); /* still the parent's */
    tare__store_recorded = false;
    if (!tare__os_map_over(tare__store, sizeof *tare__store))
        tare__store = &unrecorded;
}

struct tare__slot *tare__store_take_slot(void)
{
    if (!tare__store_recorded)
        return NULL;
    for (uint32_t i = 0; i < TARE__STORE_SLOTS; i++) {
        uint32_t free = 0;
        struct tare__slot *slot = &tare__store->slots[i];
        if (TARE__LOAD(slot->taken) == 0 &&
            __atomic_compare_exchange_n(&slot->taken, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return slot;
    }
    tare__store_mark_inexact(TARE_INEXACT_NO_ROOM);
    return NULL;
}

void tare__store_give_slot(struct tare__slot *slot)
{
    if (slot != NULL)
        __atomic_store_n(&slot->taken, 0, __ATOMIC_RELEASE);
}

void tare__store_mark_inexact(uint32_t bits)
{
    __atomic_or_fetch(&tare__store->inexact, bits, __ATOMIC_RELAXED);
}
