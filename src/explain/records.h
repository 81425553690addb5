/* SPDX-License-Identifier: MIT */
/* The records of one kind that lie in the pieces of a store, copied, by their ids. */
#ifndef TARE__RECORDS_H
#define TARE__RECORDS_H

#include <stdint.h>

#include "view.h"

struct tare__records {
    uint32_t record_bytes;
    uint32_t per_piece;
    struct tare__piece_copy {
        uint32_t first_id;
        uint32_t used;
        unsigned char *bytes;
        uint32_t *notes; /* one for each record, for the reader, 0 at first */
        uint64_t offset; /* in the file */
    } * pieces;          /* by first_id */
    size_t piece_count;
};

/* Takes what there is now: an id that was in a record copied before is among it.
 * 0, or an error. Free it in every case. */
int tare__records_read(struct tare__records *records, struct tare__view *view, const struct tare__store *store,
                       enum tare__piece_kind kind, struct tare__refusal *refusal);
void tare__records_free(struct tare__records *records);

/* The id of the next record after this one, the first for 0; 0 after the last. */
uint32_t tare__records_next(const struct tare__records *records, uint32_t id);

/* NULL where there is none of this id. */
const void *tare__records_at(const struct tare__records *records, uint32_t id);

/* Of a record that is there. */
uint32_t *tare__records_note(const struct tare__records *records, uint32_t id);
uint64_t tare__records_offset(const struct tare__records *records, uint32_t id);

#endif
