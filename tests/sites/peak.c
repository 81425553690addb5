/* SPDX-License-Identifier: MIT */
/*
 * usage: peak [<alone | after-a-thread | with-a-thread | forks> <first seed> <count of seeds> <calls>]
 *
 * Thousands of random calls from known call stacks, in random scopes that nest and
 * overlap, are opened, entered, reset and closed; and every scope that is saved has,
 * read from its file, what a model (model.h) says: each stack's figures, to the byte.
 *
 * after-a-thread: once there have been two, figures that threads share are changed in
 * another way. with-a-thread: a second one makes calls too, while the first waits.
 * forks: now and then a child goes on.
 */
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "model.h"
#include "random.h"
#include "saved.h"
#include "scope.h"
#include "scope_file.h"

enum { BLOCKS = 400, SAVED_MANY = 40, SAVED_MOST = SAVED_MANY + MODEL_SCOPES };

static struct random dice;
static uint64_t seed;
static bool with_a_thread, forks;
static bool narrow; /* few stacks, sizes and blocks, and scopes that end soon: so that all of them come again */
static struct model_block blocks[BLOCKS]; /* address NULL: none */
static unsigned block_count;
static uint64_t saved_in_all;
static struct scope_file_totals totals;

static unsigned below(unsigned limit)
{
    return random_below(&dice, limit);
}

/* ---- A second thread ------------------------------------------------------- */

static struct {
    sem_t asked, done;
    void (*what)(void *argument);
    void *argument;
} helper;

static void *help(void *unused)
{
    for (;;) {
        while (sem_wait(&helper.asked) != 0) {
        }
        if (helper.what == NULL)
            return unused;
        helper.what(helper.argument);
        sem_post(&helper.done);
    }
}

static void do_on(unsigned thread, void (*what)(void *), void *argument)
{
    if (thread == 0) {
        what(argument);
        return;
    }
    helper.what = what;
    helper.argument = argument;
    sem_post(&helper.asked);
    while (sem_wait(&helper.done) != 0) {
    }
}

static bool is_exclusive(void)
{
    for (unsigned i = 0; i < MODEL_SCOPES; i++)
        if (model_scopes[i].handle != NULL && model_scopes[i].domain == TARE_EXCLUSIVE)
            return true;
    return false;
}

/* The thread that acts next. */
static unsigned any_thread(void)
{
    return with_a_thread && below(4) == 0 && !is_exclusive() ? 1 : 0;
}

/* ---- Calls ------------------------------------------------------------------ */

static void *aligned_more(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

/* Small ones, none, and some that the map holds in another way. A few come again and
 * again, so that one scope's peak is as high as another's before. */
static size_t any_size(void)
{
    switch (narrow ? 3 : below(16)) {
    case 0:
        return 0;
    case 1:
        return below(20000);
    case 2:
        return 4000 + below(200);
    case 3:
    case 4:
    case 5:
    case 6:
        return 16 + 16 * (size_t)below(3);
    default:
        return below(700);
    }
}

static void call(void *argument)
{
    known_stack_call(argument);
}

static void call_free(void *argument)
{
    known_stack_free(argument);
}

static unsigned any_stack(unsigned thread)
{
    if (narrow)
        return known_stack(thread, 1 + below(2), LEAF_MALLOC);
    unsigned path = below(8) == 0 ? 0 : below(KNOWN_PATHS); /* the first is long */
    return known_stack(thread, path, (enum known_leaf)below(KNOWN_LEAVES));
}

static void make(unsigned thread, struct model_block *block)
{
    struct known_call made = {.stack = any_stack(thread), .size = any_size()};
    if (below(2) == 0) {
        made.pair = calloc;
        made.first = 1;
    } else {
        made.pair = below(2) == 0 ? aligned_alloc : aligned_more;
        made.first = (size_t)16 << below(5);
    }
    do_on(thread, call, &made);
    *block = (struct model_block){.address = made.block, .size = made.size, .stack = made.stack};
    model_made(thread, block);
}

static void end(unsigned thread, struct model_block *block)
{
    struct known_call ended = {.stack = any_stack(thread), .block = block->address};
    bool by_free = below(8) != 0;
    if (by_free) {
        do_on(thread, call_free, &ended);
    } else { /* glibc frees */
        ended.stack = known_stack(thread, below(KNOWN_PATHS), LEAF_REALLOC);
        do_on(thread, call, &ended);
        CHECK(ended.block == NULL);
    }
    model_ended(thread, block, by_free);
    *block = blocks[--block_count];
}

static void resize(unsigned thread, struct model_block *block)
{
    enum known_leaf leaf = below(3) != 0 ? LEAF_REALLOC : LEAF_REALLOCARRAY;
    struct known_call resized = {
        .stack = known_stack(thread, below(KNOWN_PATHS), leaf), .block = block->address, .size = 1 + any_size()};
    do_on(thread, call, &resized);
    model_resized(thread, block, resized.stack, resized.block, resized.size);
}

/* In waves, so that scopes see ups and downs of all heights. */
static void act(uint64_t at)
{
    unsigned thread = any_thread();
    unsigned wanted = narrow ? 2 : (unsigned)(at / 300 % 3) * (BLOCKS / 3) + 40;
    unsigned what = below(100);
    if (block_count == 0 || (what < (block_count < wanted ? 60u : 25u) && block_count < BLOCKS))
        make(thread, &blocks[block_count++]);
    else if (what < 80)
        end(thread, below(3) == 0 ? &blocks[block_count - 1] : &blocks[below(block_count)]);
    else
        resize(thread, &blocks[below(block_count)]);
}

/* ---- What is saved ----------------------------------------------------------- */

static struct {
    char directory[64];
    unsigned count;
    struct model_scope expected[SAVED_MOST];
} saved;

static void name_file(char *path, size_t size, unsigned index)
{
    snprintf(path, size, "%s/%u.tare", saved.directory, index);
}

static void describe(char *where, size_t size, unsigned index)
{
    snprintf(where, size, "seed %" PRIu64 ", file %u", seed, index);
}

static void check_statistics(const tare_stats *stats, const struct model_scope *scope)
{
    char where[64];
    describe(where, sizeof where, saved.count);
    scope_file_check_statistics(stats, scope, where);
}

static const char *path_of(const tare_stats *stats, int error, void *path)
{
    CHECK(stats != NULL);
    return error == 0 ? path : NULL;
}

static void save(struct model_scope *scope)
{
    char path[128];
    name_file(path, sizeof path, saved.count);
    CHECK_EQUAL(tare_save(scope->handle, path), 0);
    saved.expected[saved.count++] = *scope;
}

static void save_and_close(struct model_scope *scope)
{
    char path[128];
    name_file(path, sizeof path, saved.count);
    struct tare__keep keep = {.path = path_of, .context = path};
    tare_stats stats;
    CHECK_EQUAL(tare__scope_take_keeping(scope->handle, &stats, NULL, &keep), 0);
    CHECK_EQUAL(keep.error, 0);
    check_statistics(&stats, scope);
    saved.expected[saved.count++] = *scope;
}

/* Reading allocates: no scope is open now. */
static void check_files(void)
{
    for (unsigned i = 0; i < saved.count; i++) {
        char path[128], where[64];
        name_file(path, sizeof path, i);
        describe(where, sizeof where, i);
        scope_file_check(path, &saved.expected[i], where, &totals);
        CHECK_EQUAL(unlink(path), 0);
    }
    saved_in_all += saved.count;
    saved.count = 0;
}

/* ---- Scopes ------------------------------------------------------------------- */

static void open_any(struct model_scope *scope)
{
    static const tare_domain domains[] = {TARE_THREAD, TARE_THREAD,    TARE_PROCESS, TARE_TASK,
                                          TARE_TASK,   TARE_EXCLUSIVE, TARE_FAMILY};
    tare_domain domain = domains[below(sizeof domains / sizeof *domains)];
    if (domain == TARE_EXCLUSIVE && is_exclusive())
        return;
    tare_sites sites = below(6) == 0 ? TARE_SITES_OFF : TARE_SITES_ON;
    tare_scope *handle = tare_open(.domain = domain, .sites = sites);
    CHECK(handle != NULL);
    model_opened(scope, handle, domain, sites == TARE_SITES_ON);
}

static void enter(void *handle)
{
    CHECK_EQUAL(tare_task_enter(handle), 0);
}

static void leave(void *handle)
{
    CHECK_EQUAL(tare_task_leave(handle), 0);
}

static void enter_or_leave(struct model_scope *scope)
{
    unsigned thread = any_thread();
    if (scope->domain != TARE_TASK)
        return;
    if (scope->entered[thread] != 0 && below(2) == 0) {
        do_on(thread, leave, scope->handle);
        model_left(scope, thread);
    } else {
        do_on(thread, enter, scope->handle);
        model_entered(scope, thread);
    }
}

static void close_any(struct model_scope *scope)
{
    for (unsigned thread = 0; thread < MODEL_THREADS; thread++)
        for (; scope->entered[thread] != 0; model_left(scope, thread))
            do_on(thread, leave, scope->handle);
    if (scope->sites) {
        save_and_close(scope);
    } else {
        tare_stats stats;
        CHECK_EQUAL(tare_close(scope->handle, &stats), 0);
        check_statistics(&stats, scope);
    }
    model_closed(scope);
}

static void reset_any(struct model_scope *scope)
{
    tare_stats stats;
    CHECK_EQUAL(tare_reset(scope->handle, &stats), 0);
    check_statistics(&stats, scope);
    model_reset(scope);
}

/* One of the first `limit`, so that there are times of few scopes and of many. */
static void change_scopes(unsigned limit)
{
    struct model_scope *scope = &model_scopes[below(limit)];
    unsigned what = below(100);
    if (scope->handle == NULL)
        open_any(scope);
    else if (what < 50)
        enter_or_leave(scope);
    else if (what < 70)
        close_any(scope);
    else if (what < 80)
        reset_any(scope);
    else if (scope->sites && saved.count < SAVED_MANY)
        save(scope);
}

/* The parent does nothing more but wait. */
static void go_on_in_child(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        model_forked();
        return;
    }
    int status;
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void run(uint64_t calls)
{
    for (uint64_t i = 0; i < calls; i++) {
        act(i);
        if (forks && i % 1000 == 500)
            go_on_in_child();
        for (unsigned changes = below(narrow ? 3 : 10) == 0 ? 1 + below(3) : 0; changes > 0; changes--)
            change_scopes(narrow ? 3 : 1 + (unsigned)(i / 200 % MODEL_SCOPES));
        if (saved.count < SAVED_MANY && i + 1 < calls)
            continue;
        for (unsigned s = 0; s < MODEL_SCOPES; s++)
            if (model_scopes[s].handle != NULL)
                close_any(&model_scopes[s]);
        check_files();
    }
    while (block_count > 0)
        end(0, &blocks[0]);
}

/* ---- The test ------------------------------------------------------------------ */

static void *nothing(void *unused)
{
    return unused;
}

static void run_threads(const char *way, uint64_t calls)
{
    pthread_t thread;
    with_a_thread = strcmp(way, "with-a-thread") == 0;
    forks = strcmp(way, "forks") == 0;
    if (forks || strcmp(way, "alone") == 0) {
        run(calls);
        return;
    }
    CHECK_EQUAL(pthread_create(&thread, NULL, with_a_thread ? help : nothing, NULL), 0);
    if (!with_a_thread)
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
    run(calls);
    if (!with_a_thread)
        return;
    helper.what = NULL;
    sem_post(&helper.asked);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

int main(int count, char **arguments)
{
    const char *way = count > 1 ? arguments[1] : "alone";
    uint64_t first = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    uint64_t seeds = count > 3 ? strtoull(arguments[3], NULL, 10) : 6;
    uint64_t calls = count > 4 ? strtoull(arguments[4], NULL, 10) : 3000;
    strcpy(saved.directory, "/tmp/tare-peak-XXXXXX");
    CHECK(mkdtemp(saved.directory) != NULL);
    CHECK_EQUAL(sem_init(&helper.asked, 0, 0), 0);
    CHECK_EQUAL(sem_init(&helper.done, 0, 0), 0);
    for (seed = first; seed < first + seeds; seed++) {
        dice.state = seed;
        narrow = seed % 3 == 0;
        known_stacks_start(seed);
        run_threads(way, calls);
    }
    CHECK_EQUAL(rmdir(saved.directory), 0);
    printf("%" PRIu64 " scopes saved, %" PRIu64 " sites in them, %" PRIu64 " with a share of the peak\n", saved_in_all,
           totals.sites, totals.shares);
    return 0;
}
