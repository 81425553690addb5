/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_H
#define TARE_ALLOCATOR_H

/*
 * Allocators that are no malloc: count what they hand out.
 *
 * Tare sees malloc and its kin by itself. Code that takes its allocator as an
 * argument, or keeps a pool or an arena of its own, is seen only by the few
 * large blocks that it cuts up. Give it a wrapped allocator, and every piece
 * counts in the scopes that are open, as a block of malloc does:
 *
 *     tare_allocator pool = {pool_alloc, pool_realloc, pool_free, &my_pool};
 *     tare_allocator counted = tare_wrap(&pool);
 *     tare_measure(&stats) {
 *         parse(input, counted.alloc, counted.free, counted.context);
 *     }
 *
 * Code that can't be given one tells of its pieces itself (tare_note_alloc).
 * Ready adapters for libraries are in <tare/allocator/>: lua.h, sqlite.h,
 * zlib.h, uv.h, expat.h and cjson.h. The guide is docs/allocators.md.
 *
 * Every function may be called from any thread, counts in whatever scopes the
 * calling thread counts in, leaves errno alone, and never allocates by malloc.
 * Each piece that lives takes 43 to 85 bytes of tare's own memory, whether a
 * scope is open or not; that memory is kept for later pieces and not given back.
 * Where there is none left, the piece counts and the result is LOST.
 */

#include <tare/tare.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- Wrapped allocators -------------------------------------------------- */

/*
 * An allocator: alloc returns a piece of size bytes or NULL; realloc resizes one
 * that alloc or realloc returned, keeps its content up to the smaller size and
 * returns where it is now, or NULL with the piece as it was; free ends one. Each
 * is given the context. Pieces may have any alignment.
 */
typedef struct tare_allocator {
    void *(*alloc)(void *context, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
    void *context;
} tare_allocator;

/*
 * An allocator that calls inner and counts. All three of its functions are set,
 * and its context is inner, which must stay where it is for as long as pieces
 * live; any number of threads may use it if inner's functions allow that. NULL
 * stands for malloc, realloc and free. Allocates nothing.
 *
 * inner->realloc may be NULL: a piece then moves by alloc, copy and free, and
 * counts as one reallocation all the same. So may inner->free: an arena that
 * never frees one piece; that the caller gave it back counts all the same.
 *
 * What is counted is the outermost call, by the rules of tare.h: what inner asks
 * of malloc, or of another wrapped allocator, counts nowhere, and neither does
 * the end of that, even when it comes much later. The rest as with malloc:
 *
 *     realloc(context, NULL, n)       is an allocation of n bytes
 *     realloc(context, piece, 0)      ends the piece, and returns NULL
 *     free(context, NULL)             is nothing, and does not reach inner
 *     a call that returns NULL        counts in failed_allocations only
 *     a piece that inner did not make, or made before it was wrapped
 *                                     counts when it ends; the result is
 *                                     UNKNOWN_BLOCK. See tare_wrapped_adopt()
 *     a piece where one was before, that was never given back (its arena was
 *     reset)                          ends the older one first, as a deallocation
 *
 * While inner works, scopes can't be opened, read or closed by its thread
 * (BUSY). It must return: where a jump or an exception leaves it, calls may be
 * missing. Scopes that are open say so then (REENTERED), or can't be closed from
 * as deep in the stack as the call was (BUSY).
 *
 * A pair of calls costs about 60 ns more than inner's alone, and 10 ns more for
 * each call of malloc in there.
 */
tare_allocator tare_wrap(const tare_allocator *inner);

/* The size last asked for of a living piece of a wrapped allocator. SIZE_MAX
 * where tare does not know it: LOST, UNKNOWN_BLOCK, or in a signal handler. */
size_t tare_wrapped_size(const tare_allocator *wrapped, const void *block) __attribute__((nonnull(1)));

/* Makes a piece known that inner made before it was wrapped: it counts nowhere
 * now, and by its size when it ends. Does nothing if it is known already. */
void tare_wrapped_adopt(const tare_allocator *wrapped, const void *block, size_t size) __attribute__((nonnull(1)));

/* Ends every piece of a wrapped allocator that begins in these bytes, as its
 * free would, without calling inner: for an arena that was reset. Costs about
 * as much as looking at each 64 bytes, or at all pieces there are. */
void tare_wrapped_free_all(const tare_allocator *wrapped, const void *start, size_t bytes) __attribute__((nonnull(1)));

/* ---- Notes --------------------------------------------------------------- */

/*
 * For an arena that tells of its pieces itself, where it hands them out and
 * takes them back. Any address will do, also that of the block the piece is cut
 * from; but noted pieces can't be cut into noted pieces. Inside a call of a
 * wrapped allocator they count nowhere: that call does.
 *
 * tare_note_alloc() counts an allocation; a failed one where block is NULL.
 * Where a piece at that address was not ended, it ends first, as a deallocation:
 * the arena was reset. Sizes may be 0, but where two pieces share an address the
 * later one ends the earlier.
 * tare_note_free() counts a deallocation; of a piece that was never noted, the
 * result is UNKNOWN_BLOCK. NULL is nothing. Call it before another thread can
 * be given the piece.
 * tare_note_realloc() counts a reallocation of old, which has become block; old
 * may be NULL: an allocation. block may be NULL: it failed, and old is as it
 * was. Call it before another thread can be given old.
 * tare_note_free_all() counts a deallocation for every noted piece that begins
 * in these bytes: for an arena that is reset, or whose block goes back.
 */
void tare_note_alloc(const void *block, size_t size);
void tare_note_free(const void *block);
void tare_note_realloc(const void *old, const void *block, size_t size);
void tare_note_free_all(const void *start, size_t bytes);

/* ---- What shall not count ------------------------------------------------ */

/*
 * tare_uncounted() { block } runs the block; what its thread allocates and frees
 * there counts nowhere, and blocks made there count nowhere when they end. So an
 * arena that notes its pieces keeps its own blocks out:
 *
 *     tare_uncounted() {
 *         chunk = malloc(CHUNK_BYTES);
 *     }
 *
 * A block of outside that is freed inside is no leak, and no deallocation. Leave
 * it as tare_measure(): by its end, break, continue, return, goto or an
 * exception. Scopes can't be opened, read or closed inside (BUSY). A longjmp out
 * of it is as one out of an inner allocator, see above.
 */

/* ---- What the macro stands on; not for direct use ------------------------ */

typedef struct tare_uncounted_block_ {
    uint64_t state[6];
    bool running;
} tare_uncounted_block_;

void tare_uncounted_begin_(tare_uncounted_block_ *block, int unused, tare_here_ here);
void tare_uncounted_end_(tare_uncounted_block_ *block);

#pragma GCC visibility pop
#ifdef __cplusplus
}

namespace tare {
namespace detail {

class uncounted_block {
  public:
    uncounted_block(int unused, tare_here_ here) { tare_uncounted_begin_(&block_, unused, here); }
    uncounted_block(const uncounted_block &) = delete;
    uncounted_block &operator=(const uncounted_block &) = delete;
    ~uncounted_block() { tare_uncounted_end_(&block_); }
    bool running() const { return block_.running; }
    void stop() { block_.running = false; }

  private:
    tare_uncounted_block_ block_;
};

} // namespace detail
} // namespace tare
#endif

#define tare_uncounted() TARE_BLOCK_(uncounted, 0)

#endif
