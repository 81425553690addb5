/* SPDX-License-Identifier: MIT */
/*
 * The pieces of frames and modules are copied as they are, so that ids stay what
 * they are; of the sites only those of the scope, with what they held at its peak.
 * The file is written beside its place and renamed when it is whole.
 */
#include "saved.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "capture_pieces.h"
#include "capture_store.h"
#include "scope_parts.h"
#include "site.h"
#include "text.h"

#define FIXED_BYTES ((offsetof(struct tare__store, slots) + 4095) & ~(size_t)4095)
#define SITES_PER_PIECE (TARE__PIECE_BYTES / sizeof(struct tare__site) - 1)

struct writing {
    const struct tare__era *era;
    uint32_t sites; /* of the scope */
    uint32_t other_pieces;
    char *at; /* where the next piece goes */
    struct tare__piece *piece;
};

/* ---- What there is --------------------------------------------------------- */

/* Of the scope, and not all 0: it may be left from a scope before, of the same number. */
static bool is_of_scope(const struct tare__site *site, const struct tare__era *era)
{
    return (site->allocations | site->reallocations) != 0 && tare__born_in(site->scopes, era);
}

static void count_site(uint32_t id, struct tare__site *site, void *context)
{
    (void)id;
    struct writing *writing = context;
    writing->sites += is_of_scope(site, writing->era);
}

static void count_piece(const struct tare__piece *piece, void *context)
{
    struct writing *writing = context;
    writing->other_pieces += piece->kind != TARE__PIECE_SITES;
}

/* ---- Writing --------------------------------------------------------------- */

static void copy_piece(const struct tare__piece *piece, void *context)
{
    struct writing *writing = context;
    if (piece->kind == TARE__PIECE_SITES)
        return;
    memcpy(writing->at, piece, (size_t)piece->used * piece->record_bytes);
    writing->at += TARE__PIECE_BYTES;
}

static struct tare__site *next_site(struct writing *writing)
{
    struct tare__piece *piece = writing->piece;
    if (piece == NULL || piece->used > SITES_PER_PIECE) {
        uint32_t first = piece != NULL ? piece->first_id + piece->used : 0;
        piece = writing->piece = (void *)writing->at;
        writing->at += TARE__PIECE_BYTES;
        *piece = (struct tare__piece){TARE__PIECE_SITES, sizeof(struct tare__site), first, 1, {0, 0}};
    }
    return (struct tare__site *)(void *)piece + piece->used++;
}

static void copy_site(uint32_t id, struct tare__site *site, void *context)
{
    (void)id;
    struct writing *writing = context;
    if (!is_of_scope(site, writing->era) || writing->sites == 0)
        return; /* another thread has made it since they were counted */
    writing->sites--;
    struct tare__site *copy = next_site(writing);
    struct tare__peak_note note = tare__site_share(site, writing->era);
    memcpy(copy, site, offsetof(struct tare__site, owner_private));
    copy->peak_at = note.peak_at;
    copy->peak_blocks = note.peak_blocks;
    copy->peak_bytes = note.peak_bytes;
}

static void set(char *field, size_t bytes, const char *text)
{
    struct tare__text whole = tare__text_in(field, bytes);
    tare__text_add(&whole, text != NULL ? text : "");
}

static void describe(struct tare__store *store, const struct tare__scope *scope, const tare_stats *stats,
                     const struct tare__keep *keep)
{
    store->kind = TARE__STORE_SCOPE;
    store->slot_count = 0;
    store->pieces_offset = FIXED_BYTES;
    store->piece_bytes = TARE__PIECE_BYTES;
    store->inexact = stats->inexact;
    store->peak_net = tare__era_peak(scope->era);
    set(store->scope.name, sizeof store->scope.name, scope->name);
    set(store->scope.file, sizeof store->scope.file, keep->source);
    store->scope.line = keep->line;
    store->scope.domain = scope->domain;
    store->scope.stats = *stats;
}

static int write_to(const char *path, const struct tare__scope *scope, const tare_stats *stats,
                    const struct tare__keep *keep)
{
    struct writing writing = {.era = scope->era};
    tare__site_each(count_site, &writing);
    tare__piece_each(count_piece, &writing);
    uint32_t pieces =
        (writing.sites + (uint32_t)SITES_PER_PIECE - 1) / (uint32_t)SITES_PER_PIECE + writing.other_pieces;
    size_t bytes = FIXED_BYTES + (size_t)pieces * TARE__PIECE_BYTES;
    int error;
    struct tare__store *store = tare__os_map_new_file(path, bytes, NULL, &error);
    if (store == NULL)
        return error;
    writing.at = (char *)store + FIXED_BYTES;
    tare__piece_each(copy_piece, &writing);
    tare__site_each(copy_site, &writing);
    store->piece_count = (uint32_t)((size_t)(writing.at - (char *)store - (ptrdiff_t)FIXED_BYTES) / TARE__PIECE_BYTES);
    tare__store_describe(store, 0, false);
    describe(store, scope, stats, keep);
    __atomic_store_n(&store->ready, 1, __ATOMIC_RELEASE);
    tare__os_unmap(store, bytes);
    return 0;
}

static int write_whole(const char *path, const struct tare__scope *scope, const tare_stats *stats,
                       const struct tare__keep *keep)
{
    char beside[1024];
    struct tare__text text = tare__text_in(beside, sizeof beside);
    tare__text_add(&text, path);
    tare__text_add(&text, ".partial");
    if (text.length >= sizeof beside)
        return ENAMETOOLONG;
    uint64_t blocked = tare__pieces_begin();
    int error = write_to(beside, scope, stats, keep);
    tare__pieces_end(blocked);
    return error == 0 ? tare__os_rename_new(beside, path) : error;
}

void tare__keep_scope(const struct tare__scope *scope, const tare_stats *stats, struct tare__keep *keep)
{
    int error = 0;
    keep->error = -1;
    for (const char *path; (path = keep->path(stats, error, keep->context)) != NULL;) {
        keep->error = error = write_whole(path, scope, stats, keep);
        if (error == 0)
            return;
    }
}
