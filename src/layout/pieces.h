/* SPDX-License-Identifier: MIT */
/*
 * Where allocations came from, as it lies in a store: after the fixed part (store.h)
 * come pieces of 64 KiB each, appended while the program runs and never moved. A
 * piece is an array of records of one kind; its first record's place is taken by
 * the piece's own header. A record is written before `used` tells of it, and
 * `used` before the store's piece_count, so whoever reads finds only whole ones.
 *
 * An id is a record's position among those of its kind: the piece's number times
 * the records in a piece, and its place in there, which is never 0. So 0 is no
 * record, and an id leads to a record by one division. A reader finds by the
 * pieces' first_id which is which.
 */
#ifndef TARE__PIECES_LAYOUT_H
#define TARE__PIECES_LAYOUT_H

#include <stdint.h>

#define TARE__PIECE_BYTES 65536u
#define TARE__PIECES_MAX 262144u /* 16 GiB */

/* Besides the scopes' numbers: a site whose blocks are pools of the C++ runtime's. */
#define TARE__SCOPES_RUNTIME 2u

enum tare__piece_kind { TARE__PIECE_SITES = 1, TARE__PIECE_FRAMES = 2, TARE__PIECE_MODULES = 3, TARE__PIECE_KINDS };

struct tare__piece {
    uint32_t kind;         /* enum tare__piece_kind */
    uint32_t record_bytes; /* divides TARE__PIECE_BYTES */
    uint32_t first_id;     /* of the record in the header's place, which is none */
    uint32_t used;         /* records, with the header's place */
    uint64_t reserved[2];
};

/* One distinct call stack that allocated or reallocated, at one set of open scopes.
 * Sizes in requested bytes. The first 64 bytes are what each call touches. */
struct tare__site {
    uint32_t stack;       /* its innermost frame; 0 where there is no stack */
    uint32_t scopes;      /* tells sites of the same stack apart; 2: a pool of the C++ runtime's, counted but no leak */
    uint64_t allocations; /* by calls from this stack */
    uint64_t bytes_allocated;  /* by those, and what reallocations from this stack grew by */
    int64_t live_blocks;       /* born here and not ended, but for elsewhere_blocks */
    int64_t live_bytes;        /* their present sizes, but for elsewhere_bytes: realloc leaves a block its site */
    int64_t peak_at;           /* the net at the scope's peak that peak_* belong to */
    int64_t peak_blocks;       /* what was live then. Where the scope's peak is another, nothing has changed */
    int64_t peak_bytes;        /* since that, and what is live now was then */
    uint64_t reallocations;    /* by calls from this stack, of blocks born anywhere */
    uint64_t temporary;        /* allocations freed before their thread's next one */
    int64_t elsewhere_blocks;  /* of live_blocks, those ended by calls that not all of its scopes count */
    int64_t elsewhere_bytes;   /* what such calls took off live_bytes */
    uint64_t owner_private[4]; /* for the process that writes */
};
_Static_assert(sizeof(struct tare__site) == 128, "a site is two lines");

enum {
    TARE__FRAME_EXACT = 1,    /* the address is the next instruction itself: a signal came here */
    TARE__FRAME_TRUNCATED = 2 /* no frame: the callers of what follows are missing. The address says why */
};

/* Why callers are missing: the address of a frame that is TRUNCATED. */
enum tare__truncation {
    TARE__TRUNCATED_NO_RULE = 1,   /* code without unwind tables */
    TARE__TRUNCATED_BAD_STACK = 2, /* what the tables say leads off the stack */
    TARE__TRUNCATED_DEPTH = 3,     /* as deep as was asked for */
};

/* A call stack is its innermost frame and, by parent, all callers. Frames are
 * shared: two stacks that begin alike, from the outermost on, have those in common. */
struct tare__frame {
    uint64_t address; /* a return address: the call is before it, unless EXACT */
    uint32_t parent;  /* the caller's; 0 for the outermost */
    uint32_t module;  /* which the address is in; 0 for none that is known */
    uint32_t flags;
    uint32_t depth; /* frames from the outermost to this one, 1 for that */
    uint32_t owner_private[2];
};
_Static_assert(sizeof(struct tare__frame) == 32, "two frames a line");

/* A loaded object: the program, a library, the vDSO. One that is loaded again is a
 * record of its own. */
struct tare__module {
    uint64_t low, end;       /* the addresses it takes up */
    uint64_t bias;           /* address less that in the file: what dl_iterate_phdr calls dlpi_addr */
    uint32_t load_epoch;     /* how many modules had been seen before that lay, in part, at the same addresses */
    uint32_t build_id_bytes; /* 0: it has none */
    uint8_t build_id[64];    /* NT_GNU_BUILD_ID */
    uint32_t path_cut;       /* 1 where the path is longer than the field */
    uint32_t is_program;     /* 1 for the program itself */
    uint64_t owner_private[2];
    char path[904]; /* ends in a NUL; absolute, but for the vDSO's name */
};
_Static_assert(sizeof(struct tare__module) == 1024, "a module");

/* ---- The timeline ---------------------------------------------------------- */

#define TARE__TIMELINE_POINTS 1024u

/* Of the run, or the scope. One point each so many allocations; when all are taken,
 * every second is dropped and the distance doubles. */
struct tare__point {
    uint64_t time_ns; /* since started_ns */
    int64_t live_bytes;
    int64_t peak_bytes; /* up to here */
};

struct tare__timeline {
    uint32_t count;
    uint32_t writing; /* 1 while points are being dropped: read again */
    uint64_t every;   /* allocations from one point to the next */
    struct tare__point points[TARE__TIMELINE_POINTS];
};

#endif
