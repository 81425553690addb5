/* SPDX-License-Identifier: MIT */
/* A copy for each piece. Ids have gaps: sites share theirs with other things in the
 * process, and a child of fork goes on from its parent's. */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "grow.h"

static const uint32_t sizes[TARE__PIECE_KINDS] = {
    [TARE__PIECE_SITES] = sizeof(struct tare__site),
    [TARE__PIECE_FRAMES] = sizeof(struct tare__frame),
    [TARE__PIECE_MODULES] = sizeof(struct tare__module),
};

struct place { /* of a piece, for messages */
    uint32_t number;
    uint64_t offset;
};

static int truncated(struct place place, struct tare__refusal *refusal)
{
    return tare__refuse(refusal, EBADMSG, "it is truncated in piece %" PRIu32 " at offset %" PRIu64, place.number,
                        place.offset);
}

static int damaged(struct place place, const char *what, struct tare__refusal *refusal)
{
    return tare__refuse(refusal, EBADMSG, "it is damaged: piece %" PRIu32 " at offset %" PRIu64 ": %s", place.number,
                        place.offset, what);
}

static int check_header(const struct tare__piece *header, struct place place, struct tare__refusal *refusal)
{
    if (header->kind == 0 || header->kind >= TARE__PIECE_KINDS)
        return damaged(place, "its kind is unknown", refusal);
    uint32_t per_piece = TARE__PIECE_BYTES / sizes[header->kind];
    if (header->record_bytes != sizes[header->kind])
        return damaged(place, "its records are of another size", refusal);
    if (header->used == 0 || header->used > per_piece)
        return damaged(place, "it can't hold so many records", refusal);
    return header->first_id % per_piece == 0 ? 0 : damaged(place, "its first id can't be", refusal);
}

static int copy_piece(struct tare__records *records, const struct tare__view *view, const struct tare__piece *header,
                      struct place place, struct tare__refusal *refusal)
{
    struct tare__piece_copy *copy = tare__grow(records->pieces, records->piece_count, sizeof *copy);
    if (copy == NULL)
        return tare__refuse_memory(refusal);
    records->pieces = copy;
    copy += records->piece_count++;
    size_t bytes = (size_t)header->used * records->record_bytes;
    *copy = (struct tare__piece_copy){
        .first_id = header->first_id,
        .used = header->used,
        .bytes = malloc(bytes),
        .notes = calloc(header->used, sizeof *copy->notes),
        .offset = place.offset,
    };
    if (copy->bytes == NULL || copy->notes == NULL)
        return tare__refuse_memory(refusal);
    return tare__view_copy(view, place.offset, copy->bytes, bytes) ? 0 : truncated(place, refusal);
}

static int by_first_id(const void *a, const void *b)
{
    const struct tare__piece_copy *one = a, *other = b;
    return (one->first_id > other->first_id) - (one->first_id < other->first_id);
}

static int sort_pieces(struct tare__records *records, struct tare__refusal *refusal)
{
    if (records->piece_count > 0)
        qsort(records->pieces, records->piece_count, sizeof *records->pieces, by_first_id);
    for (size_t i = 1; i < records->piece_count; i++)
        if (records->pieces[i].first_id == records->pieces[i - 1].first_id)
            return tare__refuse(refusal, EBADMSG,
                                "it is damaged: the pieces at offsets %" PRIu64 " and %" PRIu64 " have the same ids",
                                records->pieces[i - 1].offset, records->pieces[i].offset);
    return 0;
}

/* Only the count may have changed since the header was read. */
static int read_count(uint32_t *piece_count, struct tare__view *view, const struct tare__store *store,
                      struct tare__refusal *refusal)
{
    uint32_t count = 0;
    uint64_t slots_end = offsetof(struct tare__store, slots) + (uint64_t)store->slot_count * store->slot_bytes;
    if (!tare__view_copy(view, offsetof(struct tare__store, piece_count), &count, sizeof count))
        return tare__refuse(refusal, EBADMSG, "it became truncated");
    if (count != 0 && (count > TARE__PIECES_MAX || store->piece_bytes != TARE__PIECE_BYTES ||
                       store->pieces_offset < slots_end || store->pieces_offset > INT64_MAX / 2))
        return tare__refuse(
            refusal, EBADMSG, "it is damaged at offset %zu: %" PRIu32 " pieces of %" PRIu32 " bytes from %" PRIu64,
            offsetof(struct tare__store, pieces_offset), count, store->piece_bytes, store->pieces_offset);
    uint64_t end = store->pieces_offset + (uint64_t)count * TARE__PIECE_BYTES;
    if (count != 0 && !tare__view_reaches(view, end))
        return tare__refuse(refusal, EBADMSG, "it is truncated: its pieces end at %" PRIu64 ", it ends at %" PRIu64,
                            end, view->bytes);
    *piece_count = count;
    return 0;
}

int tare__records_read(struct tare__records *records, struct tare__view *view, const struct tare__store *store,
                       enum tare__piece_kind kind, struct tare__refusal *refusal)
{
    uint32_t count = 0;
    *records = (struct tare__records){.record_bytes = sizes[kind], .per_piece = TARE__PIECE_BYTES / sizes[kind]};
    int error = read_count(&count, view, store, refusal);
    for (uint32_t i = 0; error == 0 && i < count; i++) {
        struct tare__piece header;
        struct place place = {i, store->pieces_offset + (uint64_t)i * TARE__PIECE_BYTES};
        if (!tare__view_copy(view, place.offset, &header, sizeof header))
            return truncated(place, refusal);
        error = check_header(&header, place, refusal);
        if (error == 0 && header.kind == (uint32_t)kind)
            error = copy_piece(records, view, &header, place, refusal);
    }
    return error == 0 ? sort_pieces(records, refusal) : error;
}

void tare__records_free(struct tare__records *records)
{
    for (size_t i = 0; i < records->piece_count; i++) {
        free(records->pieces[i].bytes);
        free(records->pieces[i].notes);
    }
    free(records->pieces);
    *records = (struct tare__records){0};
}

/* The first whose ids do not end before this one, or the end. */
static size_t piece_from(const struct tare__records *records, uint32_t id)
{
    size_t low = 0, high = records->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (records->pieces[middle].first_id + (records->per_piece - 1) < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct tare__piece_copy *piece_of(const struct tare__records *records, uint32_t id)
{
    size_t at = piece_from(records, id);
    return at < records->piece_count && records->pieces[at].first_id <= id ? &records->pieces[at] : NULL;
}

uint32_t tare__records_next(const struct tare__records *records, uint32_t id)
{
    for (size_t at = piece_from(records, id); at < records->piece_count; at++) {
        const struct tare__piece_copy *piece = &records->pieces[at];
        uint32_t place = piece->first_id <= id ? id - piece->first_id + 1 : 1;
        if (place < piece->used)
            return piece->first_id + place;
    }
    return 0;
}

const void *tare__records_at(const struct tare__records *records, uint32_t id)
{
    uint32_t place = id % records->per_piece;
    const struct tare__piece_copy *piece = piece_of(records, id);
    return piece != NULL && place != 0 && place < piece->used ? piece->bytes + (size_t)place * records->record_bytes
                                                              : NULL;
}

uint32_t *tare__records_note(const struct tare__records *records, uint32_t id)
{
    return &piece_of(records, id)->notes[id % records->per_piece];
}

uint64_t tare__records_offset(const struct tare__records *records, uint32_t id)
{
    return piece_of(records, id)->offset + (uint64_t)(id % records->per_piece) * records->record_bytes;
}
