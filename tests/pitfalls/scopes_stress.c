/* SPDX-License-Identifier: MIT */
/*
 * Four threads open, read, reset and close nested and overlapping scopes of
 * both domains in random order while they allocate, resize and free, their own
 * blocks and each other's. Each thread keeps books for its thread scopes, which
 * must agree to the last byte; a process scope counts at least what its thread
 * did, and in the end nothing is left.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "exactly.h"

enum { THREADS = 4, SCOPES = 12, BLOCKS = 64, SHARED = 32, SECONDS = 4 };

/* What one scope should say. Blocks carry, as a bit for each scope slot and a
 * number, in which scopes they were born. */
struct books {
    tare_scope *scope;
    tare_domain domain;
    uint64_t opening; /* which opening or reset of this place it is */
    tare_stats expected;
    int64_t net;
};

struct block {
    size_t size;
    uint32_t born_in;          /* places of the thread that made it */
    uint64_t openings[SCOPES]; /* and which opening of each */
    uintptr_t maker;           /* number of the thread */
};

struct worker {
    pthread_t thread;
    uintptr_t number;
    uint64_t random;
    struct books books[SCOPES];
    struct block *blocks[BLOCKS];
    uint64_t openings, checks;
};

static struct worker workers[THREADS];
static _Atomic(struct block *) shared[SHARED]; /* handed over to whoever takes it */
static atomic_bool stop;

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

static bool born_in(const struct worker *worker, const struct block *block, int place)
{
    return block->maker == worker->number && (block->born_in >> place & 1) != 0 &&
           block->openings[place] == worker->books[place].opening;
}

static void note_growth(struct books *books, int64_t growth)
{
    books->net += growth;
    if (growth > 0)
        books->expected.bytes_allocated += (uint64_t)growth;
    else
        books->expected.bytes_deallocated += (uint64_t)-growth;
    if (books->net > (int64_t)books->expected.peak_bytes)
        books->expected.peak_bytes = (uint64_t)books->net;
}

#define EACH_OPEN(worker, place)                                                                                       \
    for (int place = 0; place < SCOPES; place++)                                                                       \
        if ((worker)->books[place].scope != NULL)

static struct block *make(struct worker *worker, size_t size)
{
    struct block *block = malloc(size);
    CHECK(block != NULL);
    block->size = size;
    block->maker = worker->number;
    block->born_in = 0;
    EACH_OPEN(worker, place)
    {
        struct books *books = &worker->books[place];
        block->born_in |= 1u << place;
        block->openings[place] = books->opening;
        books->expected.allocations++;
        books->expected.leaked_allocations++;
        books->expected.leaked_bytes += size;
        note_growth(books, (int64_t)size);
    }
    return block;
}

static struct block *resize(struct worker *worker, struct block *block, size_t size)
{
    size_t old = block->size;
    block = realloc(block, size);
    CHECK(block != NULL);
    block->size = size;
    int64_t growth = (int64_t)size - (int64_t)old;
    EACH_OPEN(worker, place)
    {
        struct books *books = &worker->books[place];
        books->expected.reallocations++;
        books->expected.bytes_reallocated += growth;
        if (born_in(worker, block, place))
            books->expected.leaked_bytes += (uint64_t)growth;
        note_growth(books, growth);
    }
    return block;
}

static void end(struct worker *worker, struct block *block)
{
    EACH_OPEN(worker, place)
    {
        struct books *books = &worker->books[place];
        books->expected.deallocations++;
        if (born_in(worker, block, place)) {
            books->expected.leaked_allocations--;
            books->expected.leaked_bytes -= block->size;
        }
        note_growth(books, -(int64_t)block->size);
    }
    free(block);
}

static void check(struct worker *worker, const struct books *books, const tare_stats *stats)
{
    worker->checks++;
    CHECK_EQUAL(stats->inexact, 0);
    if (books->domain == TARE_PROCESS) {
        CHECK(stats->allocations >= books->expected.allocations);
        CHECK(stats->bytes_allocated >= books->expected.bytes_allocated);
        CHECK(stats->deallocations >= books->expected.deallocations);
        CHECK(stats->reallocations >= books->expected.reallocations);
        return;
    }
    CHECK_EQUAL(stats->allocations, books->expected.allocations);
    CHECK_EQUAL(stats->deallocations, books->expected.deallocations);
    CHECK_EQUAL(stats->reallocations, books->expected.reallocations);
    CHECK_EQUAL(stats->bytes_allocated, books->expected.bytes_allocated);
    CHECK_EQUAL(stats->bytes_deallocated, books->expected.bytes_deallocated);
    CHECK_EQUAL(stats->bytes_reallocated, books->expected.bytes_reallocated);
    CHECK_EQUAL(stats->peak_bytes, books->expected.peak_bytes);
}

/* Leaks can't be compared for blocks that others may have freed: those are in
 * `shared` or with others. So only with a thread that gave none away. */
static void check_leaks(const struct worker *worker, const struct books *books, const tare_stats *stats)
{
    if (worker->number != 0 || books->domain != TARE_THREAD)
        return;
    CHECK_EQUAL(stats->leaked_allocations, books->expected.leaked_allocations);
    CHECK_EQUAL(stats->leaked_bytes, books->expected.leaked_bytes);
}

static void use_scope(struct worker *worker, uint64_t random)
{
    struct books *books = &worker->books[random % SCOPES];
    tare_stats stats;
    random >>= 8;
    if (books->scope == NULL) {
        *books = (struct books){.domain = random % 3 == 0 ? TARE_PROCESS : TARE_THREAD};
        books->scope = tare_open(.domain = books->domain);
        books->opening = ++worker->openings;
        return;
    }
    unsigned how = random / 4 % 4;
    if (how == 0)
        CHECK(tare_read(books->scope, &stats) == 0);
    else if (how == 1)
        CHECK(tare_reset(books->scope, &stats) == 0);
    else
        CHECK(tare_close(books->scope, &stats) == 0);
    check(worker, books, &stats);
    check_leaks(worker, books, &stats);
    if (how == 1)
        *books = (struct books){.scope = books->scope, .domain = books->domain, .opening = ++worker->openings};
    if (how > 1)
        books->scope = NULL;
}

static void step(struct worker *worker)
{
    uint64_t random = next_random(worker);
    struct block **block = &worker->blocks[random % BLOCKS];
    size_t size = sizeof **block + (random >> 8) % 2000;
    unsigned what = (unsigned)(random >> 32) % 16;
    if (what == 0) {
        use_scope(worker, random >> 8);
    } else if (*block == NULL) {
        *block = make(worker, size);
    } else if (what < 6) {
        *block = resize(worker, *block, size);
    } else if (what < 8 && worker->number != 0) {
        *block = atomic_exchange(&shared[random >> 40 & (SHARED - 1)], *block);
    } else {
        end(worker, *block);
        *block = NULL;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    while (!stop)
        step(worker);
    for (int i = 0; i < BLOCKS; i++)
        if (worker->blocks[i] != NULL)
            end(worker, worker->blocks[i]);
    tare_stats stats;
    EACH_OPEN(worker, place)
    {
        CHECK(tare_close(worker->books[place].scope, &stats) == 0);
        check(worker, &worker->books[place], &stats);
    }
    return NULL;
}

int main(void)
{
    tare_stats all, mine;
    tare_scope *of_all = tare_open(.domain = TARE_PROCESS), *of_mine = tare_open();
    for (uintptr_t i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].random = 88172645463325252u * (i + 1);
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    sleep(SECONDS);
    stop = true;
    uint64_t checks = 0;
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        checks += workers[i].checks;
    }
    for (int i = 0; i < SHARED; i++)
        free(shared[i]);
    CHECK(tare_close(of_mine, &mine) == 0 && tare_close(of_all, &all) == 0);
    dprintf(1, "%ju scopes checked over %ju allocations\n", (uintmax_t)checks, (uintmax_t)all.allocations);
    CHECK(checks > 1000);
    CHECK_EQUAL(all.inexact, 0);
    CHECK_EQUAL(all.leaked_allocations - mine.leaked_allocations, 0);
    check_all_exact();
    return 0;
}
