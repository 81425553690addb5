/* SPDX-License-Identifier: MIT */
/*
 * Makes store files with records of one's choice, for tests of whoever reads them:
 *
 *     struct store_maker maker = store_begin(TARE__STORE_RUN, TARE__STORE_SLOTS);
 *     uint32_t program = store_add_module(&maker, 0x1000, 0x9000, 0, "/bin/program");
 *     uint32_t outer = store_add_frame(&maker, 0x1234, 0, program, 0);
 *     store_add_site(&maker, outer, 1, 10, 1000);
 *     store_add_up(&maker);
 *     store_write(&maker, "some.tare");
 *     store_end(&maker);
 *
 * What was added may be changed through the pointers, which stay valid.
 */
#ifndef STORE_MAKER_H
#define STORE_MAKER_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct store_maker {
    struct tare__store *store;
    uint64_t pieces_offset; /* also when the store has been told otherwise */
    uint32_t piece_count;
    uint32_t ids_before;                 /* how many pieces' ids were given out before; set it first of all */
    uint32_t current[TARE__PIECE_KINDS]; /* the number of the kind's last piece, and one; 0 for none */
};

/* A store with a ready header and nothing in it. Its pieces begin behind so many slots. */
struct store_maker store_begin(enum tare__store_kind kind, uint32_t slot_count);
void store_end(struct store_maker *maker);

/* Each returns the record's id. The depth comes from the parent. */
uint32_t store_add_module(struct store_maker *maker, uint64_t low, uint64_t end, uint64_t bias, const char *path);
uint32_t store_add_frame(struct store_maker *maker, uint64_t address, uint32_t parent, uint32_t module, uint32_t flags);

/* Allocations of so many bytes altogether that all are live, and were at the peak. */
struct tare__site *store_add_site(struct store_maker *maker, uint32_t stack, uint32_t scopes, uint64_t allocations,
                                  uint64_t bytes);
void store_add_point(struct store_maker *maker, uint64_t time_ns, int64_t live_bytes, int64_t peak_bytes);

/* Sets the process's figures, or the scope's, to the sums over the sites. */
void store_add_up(struct store_maker *maker);

struct tare__piece *store_piece(const struct store_maker *maker, uint32_t number);
struct tare__module *store_module(const struct store_maker *maker, uint32_t id);
struct tare__frame *store_frame(const struct store_maker *maker, uint32_t id);

size_t store_bytes(const struct store_maker *maker);

/* The first bytes of it, or all. Ends the test where that fails. */
void store_write_bytes(const struct store_maker *maker, const char *path, size_t bytes);
void store_write(const struct store_maker *maker, const char *path);

#endif
