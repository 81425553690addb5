/* SPDX-License-Identifier: MIT */
/* A copy for each piece, found by the first id in its header. */
#include "records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

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

static int check_header(const struct tare__piece *header, struct place place, const struct tare__records *records,
                        struct tare__refusal *refusal)
{
    const char *what = NULL;
    if (header->kind == 0 || header->kind >= TARE__PIECE_KINDS)
        what = "its kind is unknown";
    else if (header->record_bytes != sizes[header->kind])
        what = "its records are of another size";
    else if (header->used == 0 || header->used > TARE__PIECE_BYTES / header->record_bytes)
        what = "it can't hold so many records";
    else if (header->first_id % (TARE__PIECE_BYTES / header->record_bytes) != 0 ||
             header->first_id / (TARE__PIECE_BYTES / header->record_bytes) >= records->piece_count)
        what = "its first id can't be";
    if (what == NULL)
        return 0;
    return tare__refuse(refusal, EBADMSG, "it is damaged: piece %" PRIu32 " at offset %" PRIu64 ": %s", place.number,
                        place.offset, what);
}

static int copy_piece(struct tare__records *records, const struct tare__view *view, const struct tare__piece *header,
                      struct place place, struct tare__refusal *refusal)
{
    struct tare__piece_copy *copy = &records->pieces[header->first_id / records->per_piece];
    if (copy->bytes != NULL)
        return tare__refuse(refusal, EBADMSG,
                            "it is damaged: piece %" PRIu32 " at offset %" PRIu64 ": its ids are taken", place.number,
                            place.offset);
    size_t bytes = (size_t)header->used * records->record_bytes;
    *copy = (struct tare__piece_copy){
        .bytes = malloc(bytes),
        .notes = calloc(header->used, sizeof *copy->notes),
        .used = header->used,
        .offset = place.offset,
    };
    if (copy->bytes == NULL || copy->notes == NULL)
        return tare__refuse_memory(refusal);
    return tare__view_copy(view, place.offset, copy->bytes, bytes) ? 0 : truncated(place, refusal);
}

/* Only the count may have changed since the header was read. */
static int read_count(struct tare__records *records, struct tare__view *view, const struct tare__store *store,
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
    records->piece_count = count;
    return 0;
}

int tare__records_read(struct tare__records *records, struct tare__view *view, const struct tare__store *store,
                       enum tare__piece_kind kind, struct tare__refusal *refusal)
{
    *records = (struct tare__records){.record_bytes = sizes[kind], .per_piece = TARE__PIECE_BYTES / sizes[kind]};
    int error = read_count(records, view, store, refusal);
    if (error != 0 || records->piece_count == 0)
        return error;
    records->pieces = calloc(records->piece_count, sizeof *records->pieces);
    if (records->pieces == NULL)
        return tare__refuse_memory(refusal);
    for (uint32_t i = 0; error == 0 && i < records->piece_count; i++) {
        struct tare__piece header;
        struct place place = {i, store->pieces_offset + (uint64_t)i * TARE__PIECE_BYTES};
        if (!tare__view_copy(view, place.offset, &header, sizeof header))
            return truncated(place, refusal);
        error = check_header(&header, place, records, refusal);
        if (error == 0 && header.kind == (uint32_t)kind)
            error = copy_piece(records, view, &header, place, refusal);
    }
    return error;
}

void tare__records_free(struct tare__records *records)
{
    for (uint32_t i = 0; records->pieces != NULL && i < records->piece_count; i++) {
        free(records->pieces[i].bytes);
        free(records->pieces[i].notes);
    }
    free(records->pieces);
    *records = (struct tare__records){0};
}

static const struct tare__piece_copy *piece_of(const struct tare__records *records, uint32_t id)
{
    uint32_t number = id / records->per_piece;
    return number < records->piece_count && records->pieces[number].bytes != NULL ? &records->pieces[number] : NULL;
}

uint32_t tare__records_next(const struct tare__records *records, uint32_t id)
{
    uint32_t place = id % records->per_piece + 1;
    for (uint32_t number = id / records->per_piece; number < records->piece_count; number++) {
        if (records->pieces[number].bytes != NULL && place < records->pieces[number].used)
            return number * records->per_piece + place;
        place = 1;
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
