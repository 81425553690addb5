/* SPDX-License-Identifier: MIT */
/*
 * Pieces are cut from windows: stretches of the file, or of private memory, that are
 * reserved and mapped as one, each twice the one before. The first lies behind the
 * fixed part of the store, so that most programs need no system call for theirs.
 */
#include "capture_pieces.h"

#include <stddef.h>
#include <string.h>

#include "os.h"

#define WINDOWS_MAX 96u
#define WINDOW_PIECES_FIRST 4u
#define WINDOW_PIECES_MOST 256u /* 16 MiB */

struct window {
    char *address;
    uint32_t pieces; /* that fit */
    uint32_t taken;  /* from the beginning on */
    bool in_file;
};

struct kind {
    uint32_t record_bytes;
    uint32_t pieces;           /* of this kind so far: for all but sites, whose ids are births */
    struct tare__piece *piece; /* that has room, or is full; NULL before the first */
    uint32_t next;             /* place of the next record in there */
};

tare__lock tare__pieces_lock;
char *tare__frame_pieces[TARE__FRAME_PIECES_MAX];
char *tare__module_pieces[TARE__MODULE_PIECES_MAX];

static struct window windows[WINDOWS_MAX];
static uint32_t window_count;
static bool open_window;                             /* the last of them may have room */
static uint32_t window_pieces = WINDOW_PIECES_FIRST; /* of the next one */

static struct tare__store *file; /* NULL: private memory */
static const char *file_path;
static uint64_t file_end; /* where the next window goes */

static struct kind kinds[TARE__PIECE_KINDS] = {
    [TARE__PIECE_SITES] = {.record_bytes = sizeof(struct tare__site)},
    [TARE__PIECE_FRAMES] = {.record_bytes = sizeof(struct tare__frame)},
    [TARE__PIECE_MODULES] = {.record_bytes = sizeof(struct tare__module)},
};

static bool add_window(void)
{
    if (window_count == WINDOWS_MAX || (file != NULL && file->piece_count + window_pieces > TARE__PIECES_MAX))
        return false;
    size_t bytes = (size_t)window_pieces * TARE__PIECE_BYTES;
    char *address = file != NULL ? tare__os_map_more(file_path, file_end, bytes) : tare__os_map(bytes);
    if (address == NULL)
        return false;
    windows[window_count++] = (struct window){address, window_pieces, 0, file != NULL};
    open_window = true;
    file_end += bytes;
    if (window_pieces < WINDOW_PIECES_MOST)
        window_pieces *= 2;
    return true;
}

static struct tare__piece *piece_at(const struct window *window, uint32_t index)
{
    return (struct tare__piece *)(void *)(window->address + (size_t)index * TARE__PIECE_BYTES);
}

/* The window whose next piece is to be taken; NULL where there is no more room. */
static struct window *roomy_window(void)
{
    const struct window *last = window_count != 0 ? &windows[window_count - 1] : NULL;
    if ((last == NULL || !open_window || last->taken == last->pieces) && !add_window())
        return NULL;
    return &windows[window_count - 1];
}

/* Gives a piece its ids. False where there are no more. */
static bool number_piece(enum tare__piece_kind kind, struct tare__piece *piece)
{
    struct kind *of = &kinds[kind];
    if (kind == TARE__PIECE_SITES)
        return tare__birth_add_sites(piece, &piece->first_id);
    char **table = kind == TARE__PIECE_FRAMES ? tare__frame_pieces : tare__module_pieces;
    uint32_t most = kind == TARE__PIECE_FRAMES ? TARE__FRAME_PIECES_MAX : TARE__MODULE_PIECES_MAX;
    if (of->pieces == most)
        return false;
    piece->first_id = of->pieces * (TARE__PIECE_BYTES / of->record_bytes);
    __atomic_store_n(&table[of->pieces++], (char *)piece, __ATOMIC_RELEASE);
    return true;
}

static bool begin_piece(enum tare__piece_kind kind)
{
    struct kind *of = &kinds[kind];
    struct window *window = roomy_window();
    if (window == NULL)
        return false;
    struct tare__piece *piece = piece_at(window, window->taken);
    if (!number_piece(kind, piece))
        return false;
    piece->kind = kind;
    piece->record_bytes = of->record_bytes;
    piece->used = 1;
    window->taken++;
    of->piece = piece;
    of->next = 1;
    if (file != NULL)
        __atomic_store_n(&file->piece_count, file->piece_count + 1, __ATOMIC_RELEASE);
    return true;
}

void *tare__piece_new(enum tare__piece_kind kind, uint32_t *id)
{
    struct kind *of = &kinds[kind];
    if ((of->piece == NULL || of->next == TARE__PIECE_BYTES / of->record_bytes) && !begin_piece(kind))
        return NULL;
    *id = of->piece->first_id + of->next;
    return (char *)of->piece + (size_t)of->next++ * of->record_bytes;
}

void tare__piece_publish(enum tare__piece_kind kind, uint32_t id)
{
    struct tare__piece *piece = kinds[kind].piece;
    __atomic_store_n(&piece->used, id - piece->first_id + 1, __ATOMIC_RELEASE);
}

void tare__piece_each(void (*visit)(const struct tare__piece *piece, void *context), void *context)
{
    for (uint32_t w = 0; w < window_count; w++)
        for (uint32_t i = 0; i < windows[w].taken; i++)
            visit(piece_at(&windows[w], i), context);
}

void tare__site_each(void (*visit)(uint32_t id, struct tare__site *site, void *context), void *context)
{
    for (uint32_t w = 0; w < window_count; w++)
        for (uint32_t i = 0; i < windows[w].taken; i++) {
            struct tare__piece *piece = piece_at(&windows[w], i);
            if (piece->kind != TARE__PIECE_SITES)
                continue;
            struct tare__site *sites = (struct tare__site *)(void *)piece;
            for (uint32_t place = 1; place < piece->used; place++)
                if (sites[place].scopes != 0)
                    visit(piece->first_id + place, &sites[place], context);
        }
}

void tare__pieces_start(struct tare__store *store, const char *path, bool has_room)
{
    open_window = false;
    window_pieces = WINDOW_PIECES_FIRST;
    for (unsigned kind = 0; kind < TARE__PIECE_KINDS; kind++)
        kinds[kind].piece = NULL;
    file = store;
    file_path = path;
    if (store == NULL)
        return;
    store->pieces_offset = file_end = sizeof *store;
    store->piece_bytes = TARE__PIECE_BYTES;
    if (!has_room || window_count == WINDOWS_MAX)
        return;
    windows[window_count++] = (struct window){(char *)(store + 1), TARE__PIECES_AT_START, 0, true};
    open_window = true;
    file_end += TARE__PIECES_AT_START * TARE__PIECE_BYTES;
}

/* ---- Fork --------------------------------------------------------------------- */

/* Sites in the file, as they were before the fork: what the parent does to its own from
 * then on, the child would see. Frames and modules do not change. The memory is kept for
 * the next fork. */
static struct {
    char *records;
    size_t room;
    size_t bytes;
} copy;

static void each_site_piece(void (*visit)(struct tare__piece *piece, char **at), char **at)
{
    for (uint32_t w = 0; w < window_count; w++)
        for (uint32_t i = 0; windows[w].in_file && i < windows[w].taken; i++)
            if (piece_at(&windows[w], i)->kind == TARE__PIECE_SITES)
                visit(piece_at(&windows[w], i), at);
}

static void add_bytes(struct tare__piece *piece, char **at)
{
    (void)at;
    copy.bytes += (size_t)piece->used * piece->record_bytes;
}

/* Word by word: other threads add to their figures meanwhile. */
static void save_piece(struct tare__piece *piece, char **at)
{
    size_t bytes = (size_t)piece->used * piece->record_bytes;
    const uint64_t *from = (const uint64_t *)(const void *)piece;
    uint64_t *to = (uint64_t *)(void *)*at;
    for (size_t i = 0; i < bytes / sizeof *to; i++)
        to[i] = TARE__LOAD(from[i]);
    *at += bytes;
}

static void restore_piece(struct tare__piece *piece, char **at)
{
    const struct tare__piece *saved = (const struct tare__piece *)(const void *)*at;
    size_t bytes = (size_t)saved->used * saved->record_bytes;
    memcpy(piece, saved, bytes);
    *at += bytes;
}

void tare__pieces_fork_prepare(void)
{
    copy.bytes = 0;
    each_site_piece(add_bytes, NULL);
    if (copy.bytes > copy.room) {
        copy.records = tare__os_map(2 * copy.bytes);
        copy.room = copy.records != NULL ? 2 * copy.bytes : 0;
    }
    char *at = copy.records;
    if (at != NULL && copy.bytes <= copy.room)
        each_site_piece(save_piece, &at);
}

static bool leave_windows(void)
{
    bool all = true;
    for (uint32_t i = 0; i < window_count; i++)
        if (windows[i].in_file)
            all &= tare__os_make_private(windows[i].address, (size_t)windows[i].taken * TARE__PIECE_BYTES);
    return all;
}

enum tare__pieces_left tare__pieces_leave_file(bool foretold)
{
    char *at = copy.records;
    enum tare__pieces_left left = leave_windows() ? TARE__PIECES_CHANGED : TARE__PIECES_LOST;
    if (left != TARE__PIECES_LOST && foretold && copy.bytes <= copy.room) {
        if (at != NULL)
            each_site_piece(restore_piece, &at);
        left = TARE__PIECES_WHOLE;
    }
    for (uint32_t i = 0; i < window_count; i++)
        windows[i].in_file = false;
    return left;
}
