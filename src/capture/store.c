/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "birth.h"
#include "capture_store.h"
#include "compiler.h"
#include "environment.h"
#include "os.h"
#include "real.h"
#include "start.h"
#include "thread.h"

#define IMAGES_MAX 100000u /* program images of one pid: how many names are tried */

static struct tare__store unrecorded;
struct tare__store *tare__store = &unrecorded;
bool tare__store_recorded;

static const char *directory;

static char *append(char *at, const char *end, const char *text)
{
    while (*text != '\0' && at < end - 1)
        *at++ = *text++;
    *at = '\0';
    return at;
}

static char *append_number(char *at, const char *end, uint32_t number)
{
    char digits[12];
    char *digit = digits + sizeof digits - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return append(at, end, digit);
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

static void fill(struct tare__store *store, uint32_t sequence, bool forked)
{
    store->magic = TARE__STORE_MAGIC;
    store->version = TARE__STORE_VERSION;
    store->slot_count = TARE__STORE_SLOTS;
    store->slot_bytes = sizeof store->slots[0];
    store->pid = tare__process_pid;
    store->parent_pid = tare__os_parent_pid();
    store->sequence = sequence;
    store->forked = forked;
    store->started_ns = tare__os_wall_clock_ns();
    const char *slash = strrchr(tare__real.path, '/');
    append(store->link_mode, store->link_mode + sizeof store->link_mode, tare__link_mode());
    append(store->allocator, store->allocator + sizeof store->allocator, slash != NULL ? slash + 1 : tare__real.path);
    tare__os_program_path(store->program, sizeof store->program);
    copy_command(store);
    __atomic_store_n(&store->ready, 1, __ATOMIC_RELEASE);
}

/* A file of this process's own, at address if that is not NULL. */
static struct tare__store *create(void *address, bool forked)
{
    char path[1024];
    const char *end = path + sizeof path;
    for (uint32_t sequence = 0; sequence < IMAGES_MAX; sequence++) {
        char *at = append(path, end, directory);
        at = append(at, end, "/");
        at = append_number(at, end, (uint32_t)tare__process_pid);
        at = append(at, end, "-");
        at = append_number(at, end, sequence);
        append(at, end, TARE__STORE_SUFFIX);
        int error;
        struct tare__store *store = tare__os_map_new_file(path, sizeof *store, address, &error);
        if (store != NULL) {
            fill(store, sequence, forked);
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

void tare__store_fork(void)
{
    if (!tare__store_recorded)
        return;
    bool follow = tare__environment_follow();
    if (follow && create(tare__store, true) != NULL)
        return;
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
