/* SPDX-License-Identifier: MIT */
/*
 * The functions that stand in front of the allocator's, one for each line of
 * hooks.def: enter, call the real one, record, leave. Results and errno are the
 * real one's. malloc and free have three short ways first, for a thread without a
 * scope, with its own and with shared ones; all else is in enter.c and record.c.
 */
#include <errno.h>
#include <string.h>

#include "boot.h"
#include "fault.h"
#include "modules.h"
#include "probe.h"
#include "real.h"
#include "record.h"
#include "site.h"
#include "start.h"

#ifdef TARE__WRAP
#define HOOK(name) __wrap_##name
#define TARE_HOOK(result, name, parameters) result HOOK(name) parameters;
#include "hooks.def"
#undef TARE_HOOK
#else
#include <malloc.h>
#include <stdlib.h>
#define HOOK(name) name
void cfree(void *block);
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);
#endif

/* An archive member is linked only for a symbol that something needs: tare.h's
 * functions need this one (canary.c), and so bring malloc with them. */
const char tare__interposed = 1;

static size_t at_least_minimum(size_t size)
{
    return size < tare__real.minimum ? tare__real.minimum : size;
}

static TARE__COLD void *allocate_oddly(struct tare__entry entry, size_t alignment, size_t size)
{
    if (entry.how == TARE__PROBE)
        return size <= sizeof entry.hot->thread->canary ? entry.hot->thread->canary : NULL;
    void *block = tare__boot_allocate(alignment, size);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

/* An injected failure, where no block is given away. */
static TARE__COLD void *fail(struct tare__entry entry)
{
    tare__record_failure(entry);
    tare__leave(entry);
    errno = ENOMEM;
    return NULL;
}

/* The body of a function that makes a block by `call`. */
#define ALLOCATE(alignment, bytes, call)                                                                               \
    struct tare__entry entry = tare__enter(TARE__FRAME);                                                               \
    if (TARE__UNLIKELY(entry.how >= TARE__BOOT))                                                                       \
        return allocate_oddly(entry, alignment, bytes);                                                                \
    if (TARE__UNLIKELY(tare__fault_comes(entry, bytes)))                                                               \
        return fail(entry);                                                                                            \
    void *block = (call);                                                                                              \
    tare__record_allocation(entry, block, bytes);                                                                      \
    tare__leave(entry);                                                                                                \
    return block

static TARE__COLD void *malloc_in_general(size_t size, const void *caller, uintptr_t frame)
{
    struct tare__entry entry = tare__enter_slowly(frame);
    if (entry.how >= TARE__BOOT)
        return allocate_oddly(entry, 0, size);
    if (tare__starting && entry.how == TARE__COUNT && tare__modules_runtime_pool(caller, size))
        entry.birth = TARE__BIRTH_RUNTIME;
    if (tare__fault_comes(entry, size))
        return fail(entry);
    void *block = tare__real.malloc(at_least_minimum(size));
    tare__record_allocation(entry, block, size);
    tare__leave(entry);
    return block;
}

/* Each of the three short ways is a function of its own, reached by a jump, so
 * that none saves registers for another. They are for glibc: nothing nests in
 * its malloc and free, so there is no guard to set. */
static TARE__COLD void *count_new_block_oddly(struct tare__hot *hot, void *block, size_t size, bool shared)
{
    struct tare__counters *counters = hot->counters;
    tare__record_begin(counters, TARE__FRAME);
    if (block != NULL) {
        if (!tare__map_put(block, size, hot->birth))
            TARE__ADD(counters->lost_blocks, 1);
        tare__count_allocation(hot, size, shared);
    } else {
        TARE__ADD(counters->failed_allocations, 1);
    }
    tare__record_end(counters);
    if (TARE__LISTENED(allocation) && block != NULL)
        tare__tell_allocation(hot, block, size);
    return block;
}

/* Leaves by a jump where anything is odd, so that nothing need outlive a call. */
TARE__INLINE void *count_new_block(struct tare__hot *hot, void *block, size_t size, bool shared, uintptr_t frame)
{
    uint32_t *slot = tare__map_slot(block, TARE__MAP_WIDE_BITS);
    if (TARE__UNLIKELY(block == NULL || slot == NULL || size > TARE__MAP_SIZE_INLINE))
        return count_new_block_oddly(hot, block, size, shared);
    struct tare__counters *counters = hot->counters;
    tare__record_begin(counters, frame);
    TARE__STORE(*slot, tare__map_inline(size, hot->birth));
    tare__count_allocation(hot, size, shared);
    tare__record_end(counters);
    if (TARE__LISTENED(allocation))
        return tare__tell_allocation(hot, block, size);
    return block;
}

TARE__INLINE void *malloc_counting(size_t size, struct tare__hot *hot, bool shared)
{
    void *block = tare__real.malloc(size);
    return count_new_block(hot, block, size, shared, TARE__FRAME);
}

static __attribute__((noinline)) void *malloc_shared(size_t size, const void *caller, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_SHARED || hot->counters->recording != 0))
        return malloc_in_general(size, caller, TARE__FRAME);
    return malloc_counting(size, hot, true);
}

/* The same where sites are collected. A function that hooks leave by a jump, so that
 * its caller is theirs, and that none of the others keeps a frame pointer for. */
static __attribute__((noinline)) void *count_block_of_site(struct tare__hot *hot, void *block, size_t size)
{
    struct tare__counters *counters = hot->counters;
    tare__record_begin(counters, TARE__FRAME);
    if (TARE__LIKELY(block != NULL)) {
        uint32_t birth = tare__site_of(hot, TARE__CALLER);
        struct tare__site *site = tare__birth_site(birth);
        if (TARE__LIKELY(site != NULL))
            tare__site_note_peak(hot, site);
        if (TARE__UNLIKELY(!tare__map_put_wide(block, size, birth)))
            TARE__ADD(counters->lost_blocks, 1);
        tare__count_allocation(hot, size, true);
        if (TARE__LIKELY(site != NULL))
            tare__site_allocated(hot, site, block, size);
    } else {
        TARE__ADD(counters->failed_allocations, 1);
    }
    tare__record_end(counters);
    if (TARE__LISTENED(allocation) && block != NULL)
        return tare__tell_allocation(hot, block, size);
    return block;
}

static __attribute__((noinline)) void *malloc_with_site(size_t size, const void *caller, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_SITES || hot->counters->recording != 0))
        return malloc_shared(size, caller, hot);
    void *block = tare__real.malloc(size);
    return count_block_of_site(hot, block, size);
}

static __attribute__((noinline)) void *malloc_in_scope(size_t size, const void *caller, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_COUNTING || hot->counters->recording != 0))
        return malloc_with_site(size, caller, hot);
    return malloc_counting(size, hot, false);
}

static TARE__COLD void *put_slowly(void *block, size_t size)
{
    if (block != NULL)
        tare__map_put(block, size, TARE__BIRTH_NONE);
    return block;
}

TARE__EXPORT void *HOOK(malloc)(size_t size)
{
    struct tare__hot *hot = tare__self;
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_IDLE))
        return malloc_in_scope(size, __builtin_return_address(0), hot);
    void *block = tare__real.malloc(size);
    uint32_t *slot = tare__map_slot(block, TARE__MAP_WIDE_BITS); /* of NULL: none, or one that nobody reads */
    if (TARE__UNLIKELY(slot == NULL || size > TARE__MAP_SIZE_INLINE))
        return put_slowly(block, size);
    TARE__STORE(*slot, tare__map_inline(size, TARE__BIRTH_NONE));
    return block;
}

/* It without going by its name, which may be another's that stands before ours. */
#define TEXT_OF_EXPANDED(x) #x
#define TEXT_OF(x) TEXT_OF_EXPANDED(x)
static void *own_malloc(size_t size) __attribute__((alias(TEXT_OF(HOOK(malloc))), malloc, alloc_size(1), nothrow));

static TARE__COLD void free_in_general(void *block, uintptr_t frame)
{
    struct tare__entry entry = tare__enter(frame);
    if (entry.how <= TARE__PASS && tare__record_deallocation(entry, block))
        tare__real.free(block);
    tare__leave(entry);
}

/* The word at *slot, or 0 for a block near which nothing was ever remembered.
 * Only in the modes of the short ways: the map of another allocator has smaller
 * granules. */
TARE__INLINE uint32_t word_of(const void *block, uint32_t **slot)
{
    *slot = tare__map_slot(block, TARE__MAP_WIDE_BITS);
    return TARE__LIKELY(*slot != NULL) ? TARE__LOAD(**slot) : 0;
}

static TARE__COLD void tell_and_free(void *block, size_t size, const struct tare__hot *hot)
{
    tare__tell_deallocation(hot, block, size);
    tare__real.free(block);
}

TARE__INLINE void free_counting(void *block, struct tare__hot *hot, bool shared)
{
    uint32_t *slot;
    uint32_t word = word_of(block, &slot);
    struct tare__counters *counters = hot->counters;
    if (TARE__UNLIKELY(!tare__map_is_inline(word, hot->birth) || counters->recording != 0)) {
        free_in_general(block, TARE__FRAME);
        return;
    }
    tare__record_begin(counters, TARE__FRAME);
    size_t size = tare__map_inline_size(word);
    TARE__STORE(*slot, 0);
    tare__count_deallocation(hot, size, shared);
    tare__record_end(counters);
    if (TARE__LISTENED(deallocation))
        tell_and_free(block, size, hot);
    else
        tare__real.free(block);
}

static __attribute__((noinline)) void free_shared(void *block, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_SHARED))
        free_in_general(block, TARE__FRAME);
    else
        free_counting(block, hot, true);
}

/* The site of a block that is in the map by one word, where its scopes are the
 * thread's; else NULL. */
TARE__INLINE struct tare__site *site_of(const struct tare__hot *hot, uint32_t word)
{
    if (TARE__UNLIKELY(word == 0 || (word & TARE__MAP_EXTENDED) != 0))
        return NULL;
    struct tare__site *site = tare__birth_site(word >> TARE__MAP_BIRTH_SHIFT);
    return TARE__LIKELY(site != NULL && site->scopes == hot->birth) ? site : NULL;
}

static __attribute__((noinline)) void free_with_site(void *block, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_SITES)) {
        free_shared(block, hot);
        return;
    }
    uint32_t *slot;
    uint32_t word = word_of(block, &slot);
    struct tare__site *site = site_of(hot, word);
    struct tare__counters *counters = hot->counters;
    if (TARE__UNLIKELY(site == NULL || counters->recording != 0)) {
        free_in_general(block, TARE__FRAME);
        return;
    }
    size_t size = tare__map_inline_size(word);
    tare__record_begin(counters, TARE__FRAME);
    tare__site_note_peak(hot, site);
    TARE__STORE(*slot, 0);
    tare__count_deallocation(hot, size, true);
    tare__site_deallocated(hot, site, block, size);
    tare__record_end(counters);
    if (TARE__LISTENED(deallocation))
        tell_and_free(block, size, hot);
    else
        tare__real.free(block);
}

static __attribute__((noinline)) void free_in_scope(void *block, struct tare__hot *hot)
{
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_COUNTING))
        free_with_site(block, hot);
    else
        free_counting(block, hot, false);
}

TARE__EXPORT void HOOK(free)(void *block)
{
    if (TARE__UNLIKELY(block == NULL))
        return;
    struct tare__hot *hot = tare__self;
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_IDLE)) {
        free_in_scope(block, hot);
        return;
    }
    uint32_t *slot;
    uint32_t word = word_of(block, &slot);
    if (TARE__UNLIKELY(word - 1 > TARE__MAP_SIZE_INLINE)) {
        free_in_general(block, TARE__FRAME);
        return;
    }
    TARE__STORE(*slot, 0);
    tare__real.free(block);
}

static TARE__COLD void *calloc_in_general(size_t count, size_t size, size_t bytes, uintptr_t frame)
{
    struct tare__entry entry = tare__enter_slowly(frame);
    if (entry.how >= TARE__BOOT)
        return allocate_oddly(entry, 0, bytes);
    if (tare__fault_comes(entry, bytes))
        return fail(entry);
    void *block =
        bytes >= tare__real.minimum ? tare__real.calloc(count, size) : tare__real.calloc(1, tare__real.minimum);
    tare__record_allocation(entry, block, bytes);
    tare__leave(entry);
    return block;
}

TARE__EXPORT void *HOOK(calloc)(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX; /* the real one will refuse */
    struct tare__hot *hot = tare__self;
    uint32_t mode = TARE__LOAD(hot->mode);
    if (mode == TARE__MODE_IDLE) {
        void *block = tare__real.calloc(count, size);
        if (TARE__LIKELY(block != NULL))
            tare__map_put_wide(block, bytes, TARE__BIRTH_NONE);
        return block;
    }
    if (TARE__UNLIKELY(mode < TARE__MODE_COUNTING || mode > TARE__MODE_SITES || hot->counters->recording != 0))
        return calloc_in_general(count, size, bytes, TARE__FRAME);
    void *block = tare__real.calloc(count, size);
    if (mode == TARE__MODE_SITES)
        return count_block_of_site(hot, block, bytes);
    return count_new_block(hot, block, bytes, mode == TARE__MODE_SHARED, TARE__FRAME);
}

TARE__EXPORT void *HOOK(memalign)(size_t alignment, size_t size)
{
    ALLOCATE(alignment, size, tare__real.memalign(alignment, at_least_minimum(size)));
}

TARE__EXPORT void *HOOK(aligned_alloc)(size_t alignment, size_t size)
{
    ALLOCATE(alignment, size, tare__real.aligned_alloc(alignment, at_least_minimum(size)));
}

TARE__EXPORT void *HOOK(valloc)(size_t size)
{
    ALLOCATE(4096, size, tare__real.valloc(size));
}

TARE__EXPORT void *HOOK(pvalloc)(size_t size)
{
    ALLOCATE(4096, size, tare__real.pvalloc(size));
}

TARE__EXPORT int HOOK(posix_memalign)(void **result, size_t alignment, size_t size)
{
    struct tare__entry entry = tare__enter(TARE__FRAME);
    if (TARE__UNLIKELY(entry.how >= TARE__BOOT)) {
        void *block = allocate_oddly(entry, alignment, size);
        if (block != NULL)
            *result = block;
        return block != NULL ? 0 : ENOMEM;
    }
    if (TARE__UNLIKELY(tare__fault_comes(entry, size))) {
        fail(entry);
        return ENOMEM;
    }
    int error = tare__real.posix_memalign(result, alignment, at_least_minimum(size));
    tare__record_allocation(entry, error == 0 ? *result : NULL, size);
    tare__leave(entry);
    return error;
}

/* A block of the boot arena moves to the real allocator, where there is one. */
static TARE__COLD void *reallocate_from_boot(struct tare__entry entry, void *old, size_t size)
{
    if (entry.how == TARE__BOOT)
        return tare__boot_reallocate(old, size);
    size_t old_size = tare__boot_size(old);
    void *block = tare__real.malloc(at_least_minimum(size));
    entry.birth = TARE__BIRTH_NESTED;
    if (block != NULL) {
        memcpy(block, old, old_size < size ? old_size : size);
        tare__map_put(block, size, TARE__BIRTH_NESTED);
    }
    return block;
}

/* The block is out of the map while the real function runs: once it has been
 * freed in there, another thread may be given the same address. */
static void *reallocate(struct tare__entry entry, void *old, size_t size)
{
    if (TARE__UNLIKELY(entry.how >= TARE__BOOT || tare__boot_owns(old)))
        return old != NULL && entry.how != TARE__PROBE ? reallocate_from_boot(entry, old, size)
                                                       : allocate_oddly(entry, 0, size);
    if (old == NULL) {
        bool fails = tare__fault_comes(entry, size);
        void *block = fails ? NULL : tare__real.realloc(NULL, at_least_minimum(size));
        tare__record_allocation(entry, block, size);
        if (fails)
            errno = ENOMEM;
        return block;
    }
    struct tare__block was = tare__map_take(old);
    if (size != 0 && tare__fault_comes_resizing(entry, size, was.size)) {
        tare__record_reallocation(entry, old, was, NULL, size);
        errno = ENOMEM;
        return NULL;
    }
    void *block = tare__real.realloc(old, size != 0 ? at_least_minimum(size) : 0);
    if (block == NULL && size == 0)
        tare__record_ended(entry, old, was, 1);
    else
        tare__record_reallocation(entry, old, was, block, size);
    return block;
}

static TARE__COLD void *realloc_in_general(void *old, size_t size, uintptr_t frame)
{
    struct tare__entry entry = tare__enter(frame);
    void *block = reallocate(entry, old, size);
    tare__leave(entry);
    return block;
}

/* The real call on a block of the short ways. NULL where it failed, and the
 * block is remembered again, or freed it, which glibc does for size 0. */
TARE__INLINE void *realloc_wide(void *old, size_t size, uint32_t *slot, uint32_t word)
{
    TARE__STORE(*slot, 0);
    void *block = tare__real.realloc(old, size);
    if (TARE__UNLIKELY(block == NULL) && size != 0)
        TARE__STORE(*slot, word);
    return block;
}

/* What came of a call on one of the short ways. */
static TARE__COLD void tell_resized(const struct tare__hot *hot, const void *old, const void *block, size_t old_size,
                                    size_t size)
{
    if (block != NULL)
        tare__tell_reallocation(hot, old, block, old_size, size);
    else if (size == 0)
        tare__tell_deallocation(hot, old, old_size);
}

TARE__INLINE void *realloc_counting(void *old, size_t size, struct tare__hot *hot, uint32_t *slot, uint32_t word,
                                    bool shared)
{
    size_t old_size = tare__map_inline_size(word);
    void *block = realloc_wide(old, size, slot, word);
    struct tare__counters *counters = hot->counters;
    tare__record_begin(counters, TARE__FRAME);
    if (TARE__LIKELY(block != NULL)) {
        if (TARE__UNLIKELY(!tare__map_put_wide(block, size, hot->birth)))
            TARE__ADD(counters->lost_blocks, 1);
        tare__count_reallocation(hot, old_size, size, shared);
    } else if (size == 0) {
        tare__count_deallocation(hot, old_size, shared);
    } else {
        TARE__ADD(counters->failed_allocations, 1);
    }
    tare__record_end(counters);
    if (TARE__LISTENED(reallocation) || TARE__LISTENED(deallocation))
        tell_resized(hot, old, block, old_size, size);
    return block;
}

/* The same where sites are collected: the block keeps the site of its birth, and the
 * call is one of the stack it comes from. */
static __attribute__((noinline)) void *realloc_of_site(void *old, size_t size, struct tare__hot *hot)
{
    uint32_t *slot;
    uint32_t word = word_of(old, &slot);
    struct tare__site *site = site_of(hot, word);
    if (TARE__UNLIKELY(site == NULL || size == 0 || hot->counters->recording != 0))
        return realloc_in_general(old, size, TARE__FRAME);
    size_t old_size = tare__map_inline_size(word);
    void *block = realloc_wide(old, size, slot, word);
    struct tare__counters *counters = hot->counters;
    tare__record_begin(counters, TARE__FRAME);
    if (TARE__LIKELY(block != NULL)) {
        struct tare__site *by = tare__birth_site(tare__site_of(hot, TARE__CALLER));
        if (TARE__UNLIKELY(!tare__map_put_wide(block, size, word >> TARE__MAP_BIRTH_SHIFT)))
            TARE__ADD(counters->lost_blocks, 1);
        tare__site_note_peak(hot, site);
        tare__count_reallocation(hot, old_size, size, true);
        TARE__SITE_ADD(hot, site->live_bytes, (int64_t)(size - old_size));
        if (TARE__LIKELY(by != NULL))
            tare__site_reallocated(hot, by, (int64_t)(size - old_size));
    } else {
        TARE__ADD(counters->failed_allocations, 1);
    }
    tare__record_end(counters);
    if (TARE__LISTENED(reallocation) || TARE__LISTENED(deallocation))
        tell_resized(hot, old, block, old_size, size);
    return block;
}

static __attribute__((noinline)) void *realloc_in_scope(void *old, size_t size, struct tare__hot *hot)
{
    uint32_t mode = TARE__LOAD(hot->mode);
    if (mode == TARE__MODE_SITES)
        return realloc_of_site(old, size, hot);
    if (TARE__UNLIKELY(mode != TARE__MODE_COUNTING && mode != TARE__MODE_SHARED))
        return realloc_in_general(old, size, TARE__FRAME);
    uint32_t *slot;
    uint32_t word = word_of(old, &slot);
    if (TARE__UNLIKELY(!tare__map_is_inline(word, hot->birth) || hot->counters->recording != 0))
        return realloc_in_general(old, size, TARE__FRAME);
    return realloc_counting(old, size, hot, slot, word, mode == TARE__MODE_SHARED);
}

TARE__EXPORT void *HOOK(realloc)(void *old, size_t size)
{
    if (old == NULL)
        return own_malloc(size);
    struct tare__hot *hot = tare__self;
    if (TARE__UNLIKELY(TARE__LOAD(hot->mode) != TARE__MODE_IDLE))
        return realloc_in_scope(old, size, hot);
    uint32_t *slot;
    uint32_t word = word_of(old, &slot);
    if (TARE__UNLIKELY(word - 1 > TARE__MAP_SIZE_INLINE))
        return realloc_in_general(old, size, TARE__FRAME);
    void *block = realloc_wide(old, size, slot, word);
    if (TARE__LIKELY(block != NULL))
        tare__map_put_wide(block, size, TARE__BIRTH_NONE);
    return block;
}

/* Not by the real one: glibc's calls realloc, so the call would be nested. */
TARE__EXPORT void *HOOK(reallocarray)(void *old, size_t count, size_t size)
{
    struct tare__entry entry = tare__enter(TARE__FRAME);
    size_t bytes;
    void *block = NULL;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        tare__record_failure(entry);
    } else {
        block = reallocate(entry, old, bytes);
    }
    tare__leave(entry);
    return block;
}

/* The body of a function that ends a block by `call`. */
#define RELEASE(block, call)                                                                                           \
    if ((block) == NULL)                                                                                               \
        return;                                                                                                        \
    struct tare__entry entry = tare__enter(TARE__FRAME);                                                               \
    if (entry.how <= TARE__PASS && tare__record_deallocation(entry, block))                                            \
        call;                                                                                                          \
    tare__leave(entry)

TARE__EXPORT void HOOK(cfree)(void *block)
{
    RELEASE(block, tare__real.free(block));
}

TARE__EXPORT void HOOK(free_sized)(void *block, size_t size)
{
    RELEASE(block, tare__real.free_sized != NULL ? tare__real.free_sized(block, at_least_minimum(size))
                                                 : tare__real.free(block));
}

TARE__EXPORT void HOOK(free_aligned_sized)(void *block, size_t alignment, size_t size)
{
    RELEASE(block, tare__real.free_aligned_sized != NULL
                       ? tare__real.free_aligned_sized(block, alignment, at_least_minimum(size))
                       : tare__real.free(block));
}

TARE__EXPORT size_t HOOK(malloc_usable_size)(void *block)
{
    if (block == NULL)
        return 0;
    if (TARE__UNLIKELY(tare__boot_owns(block)))
        return tare__boot_size(block);
    if (TARE__UNLIKELY(!tare__started() && !tare__start()))
        return 0;
    return tare__real.malloc_usable_size(block);
}
