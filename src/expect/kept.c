/* SPDX-License-Identifier: MIT */
/*
 * The place is TARE_SAVE_DIR, else TMPDIR, else /tmp. Where that can't be, the next one
 * that can holds the file until it has been explained.
 */
#include "kept.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "file_name.h"
#include "os.h"
#include "store.h"

enum { PROGRAM_BYTES = 64 };

static struct {
    int pid; /* a child of fork counts anew */
    uint32_t numbers;
    uint32_t kept;
    uint32_t told; /* that there will be no more */
} process;

static void count_anew_in_child(void)
{
    int pid = tare__os_pid(), before = TARE__LOAD(process.pid);
    if (before == pid)
        return;
    TARE__STORE(process.pid, pid);
    if (before == 0)
        return;
    TARE__STORE(process.numbers, 0);
    TARE__STORE(process.kept, 0);
    TARE__STORE(process.told, 0);
}

/* ---- Places ----------------------------------------------------------------- */

/* NULL after the last; "" where nothing is to be there. */
static const char *place(unsigned number)
{
    switch (number) {
    case 0:
        return secure_getenv("TARE_SAVE_DIR");
    case 1:
        return secure_getenv("TMPDIR");
    case 2:
        return "/tmp";
    default:
        return "/dev/shm";
    }
}

enum { PLACES = 4 };

static bool is_place(const char *directory)
{
    return directory != NULL && *directory != '\0';
}

/* TARE_SAVE_DIR may be empty: nothing is to be kept. */
static bool is_wanted(unsigned number)
{
    const char *chosen = place(0);
    if (chosen != NULL)
        return number == 0 && *chosen != '\0';
    return number == (is_place(place(1)) ? 1u : 2u);
}

static bool next_place(struct tare__kept *kept)
{
    do
        kept->place++;
    while (kept->place < PLACES && !is_place(place(kept->place)));
    return kept->place < PLACES;
}

/* ---- Names ------------------------------------------------------------------ */

static void add_program(struct tare__text *text)
{
    char path[TARE__KEPT_PATH_BYTES], name[PROGRAM_BYTES];
    tare__os_program_path(path, sizeof path);
    struct tare__text cut = tare__text_in(name, sizeof name);
    tare__text_add(&cut, tare__file_name(path));
    tare__text_add(text, name);
}

static void name(struct tare__kept *kept)
{
    struct tare__text text = tare__text_in(kept->path, sizeof kept->path);
    tare__text_add(&text, place(kept->place));
    tare__text_add(&text, "/tare-");
    add_program(&text);
    tare__text_add(&text, "-");
    tare__text_add_unsigned(&text, (unsigned)tare__os_pid());
    tare__text_add(&text, "-");
    tare__text_add_unsigned(&text, __atomic_add_fetch(&process.numbers, 1, __ATOMIC_RELAXED));
    tare__text_add(&text, TARE__STORE_SUFFIX);
}

static void note_refusal(struct tare__kept *kept, int error)
{
    if (kept->refused_error != 0 || !is_wanted(kept->place))
        return;
    memcpy(kept->refused, kept->path, sizeof kept->refused);
    kept->refused_error = error;
}

static const char *start(struct tare__kept *kept)
{
    count_anew_in_child();
    *kept = (struct tare__kept){.full = TARE__LOAD(process.kept) >= TARE__KEPT_MAX};
    if (!is_place(place(0)))
        next_place(kept);
    name(kept);
    kept->temporary = kept->full || !is_wanted(kept->place);
    return kept->path;
}

const char *tare__kept_path(struct tare__kept *kept, int error)
{
    if (error == 0)
        return start(kept);
    if (error != EEXIST) { /* of a process that had this number before */
        note_refusal(kept, error);
        if (!next_place(kept))
            return NULL;
        kept->temporary = true;
    }
    name(kept);
    return kept->path;
}

/* ---- Afterwards ------------------------------------------------------------- */

void tare__kept_done(const struct tare__kept *kept)
{
    if (kept->temporary)
        unlink(kept->path);
    else
        __atomic_add_fetch(&process.kept, 1, __ATOMIC_RELAXED);
}

void tare__kept_drop(const struct tare__kept *kept)
{
    unlink(kept->path);
}

void tare__kept_say(struct tare__text *text, const struct tare__kept *kept)
{
    if (kept->refused_error != 0) {
        tare__text_add(text, "not saved: ");
        tare__text_add(text, kept->refused);
        tare__text_add(text, ": ");
        tare__text_add(text, strerrordesc_np(kept->refused_error));
        tare__text_add(text, "\n");
    } else if (!kept->temporary) {
        tare__text_add(text, "saved: ");
        tare__text_add(text, kept->path);
        tare__text_add(text, "  (tare report FILE shows all)\n");
    } else if (kept->full && __atomic_exchange_n(&process.told, 1, __ATOMIC_RELAXED) == 0) {
        tare__text_add(text, "not saved: ");
        tare__text_add_unsigned(text, TARE__KEPT_MAX);
        tare__text_add(text, " records of this process are; those of later failures are not\n");
    }
}
