/* SPDX-License-Identifier: MIT */
#include "known_stacks.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

/* One way is deep, so that a stack is more than one walk's part (callstack.c). */
enum { STEPS = 4, LENGTH_MOST = 8, LENGTH_OF_DEEP = 150 };

struct way {
    unsigned length;
    uint8_t steps[LENGTH_OF_DEEP];
};

struct job {
    struct known_call *call;
    const uint8_t *at;
    unsigned left;
    unsigned leaf;
};

typedef void function(struct job *job);

static struct way ways[KNOWN_PATHS];

/* All of them in a section of their own, and none like another, so that none is
 * taken for one. No call is the last thing that a function does. */
#define KNOWN __attribute__((noinline, section("known_functions")))
#define UNLIKE_OTHERS(number) __asm__ volatile("# %0" ::"i"(number) : "memory")

extern const char __start_known_functions[], __stop_known_functions[];

static inline __attribute__((always_inline)) void go_on(struct job *job);

#define STEP(number)                                                                                                   \
    static KNOWN void step_##number(struct job *job)                                                                   \
    {                                                                                                                  \
        go_on(job);                                                                                                    \
        UNLIKE_OTHERS(number);                                                                                         \
    }
STEP(0)
STEP(1)
STEP(2)
STEP(3)

static KNOWN void leaf_malloc(struct job *job)
{
    job->call->block = malloc(job->call->size);
    UNLIKE_OTHERS(10);
}

static KNOWN void leaf_pair(struct job *job)
{
    job->call->block = job->call->pair(job->call->first, job->call->size);
    UNLIKE_OTHERS(11);
}

static KNOWN void leaf_realloc(struct job *job)
{
    job->call->block = realloc(job->call->block, job->call->size);
    UNLIKE_OTHERS(12);
}

static KNOWN void leaf_reallocarray(struct job *job)
{
    job->call->block = reallocarray(job->call->block, job->call->size, 1);
    UNLIKE_OTHERS(13);
}

static KNOWN void leaf_free(struct job *job)
{
    free(job->call->block);
    UNLIKE_OTHERS(14);
}

static function *const steps[STEPS] = {step_0, step_1, step_2, step_3};
static function *const leaves[KNOWN_LEAVES + 1] = {leaf_malloc, leaf_pair, leaf_realloc, leaf_reallocarray, leaf_free};

static void go_on(struct job *job)
{
    if (job->left == 0) {
        leaves[job->leaf](job);
    } else {
        job->left--;
        steps[*job->at++](job);
    }
}

static KNOWN void root_0(struct job *job)
{
    go_on(job);
    UNLIKE_OTHERS(20);
}

static KNOWN void root_1(struct job *job)
{
    go_on(job);
    UNLIKE_OTHERS(21);
}

static function *const roots[KNOWN_ROOTS] = {root_0, root_1};

/* ---- There --------------------------------------------------------------- */

unsigned known_stack(unsigned root, unsigned path, enum known_leaf leaf)
{
    return (root * KNOWN_PATHS + path) * KNOWN_LEAVES + (unsigned)leaf;
}

unsigned known_stack_root(unsigned stack)
{
    return stack / KNOWN_LEAVES / KNOWN_PATHS;
}

unsigned known_stack_path(unsigned stack)
{
    return stack / KNOWN_LEAVES % KNOWN_PATHS;
}

enum known_leaf known_stack_leaf(unsigned stack)
{
    return (enum known_leaf)(stack % KNOWN_LEAVES);
}

static int way_like(const struct way *way, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (ways[i].length == way->length && memcmp(ways[i].steps, way->steps, way->length) == 0)
            return (int)i;
    return -1;
}

void known_stacks_start(uint64_t seed)
{
    struct random random = {seed};
    for (unsigned i = 0; i < KNOWN_PATHS; i++) {
        struct way *way = &ways[i];
        do {
            way->length = i == 0 ? LENGTH_OF_DEEP : random_below(&random, LENGTH_MOST + 1);
            for (unsigned j = 0; j < way->length; j++)
                way->steps[j] = (uint8_t)random_below(&random, STEPS);
        } while (way_like(way, i) >= 0);
    }
}

static void run(struct known_call *call, unsigned leaf)
{
    const struct way *way = &ways[known_stack_path(call->stack)];
    struct job job = {call, way->steps, way->length, leaf};
    roots[known_stack_root(call->stack)](&job);
}

void known_stack_call(struct known_call *call)
{
    run(call, known_stack_leaf(call->stack));
}

void known_stack_free(struct known_call *call)
{
    run(call, KNOWN_LEAVES);
}

/* ---- And back ------------------------------------------------------------ */

static int index_in(function *const *functions, unsigned count, function *wanted)
{
    for (unsigned i = 0; i < count; i++)
        if (functions[i] == wanted)
            return (int)i;
    return -1;
}

static function *nearest(function *found, function *const *functions, unsigned count, uintptr_t address)
{
    for (unsigned i = 0; i < count; i++)
        if ((uintptr_t)functions[i] < address && (uintptr_t)functions[i] > (uintptr_t)found)
            found = functions[i];
    return found;
}

/* The function that returns to this address; NULL for one of others. */
static function *function_at(uint64_t address)
{
    if (address <= (uintptr_t)__start_known_functions || address > (uintptr_t)__stop_known_functions)
        return NULL;
    function *found = nearest(NULL, steps, STEPS, (uintptr_t)address);
    found = nearest(found, leaves, KNOWN_LEAVES + 1, (uintptr_t)address);
    return nearest(found, roots, KNOWN_ROOTS, (uintptr_t)address);
}

int known_stack_of(uint64_t (*next)(void *context), void *context)
{
    uint8_t inside_out[LENGTH_OF_DEEP];
    struct way way = {0};
    int leaf = index_in(leaves, KNOWN_LEAVES, function_at(next(context))), step;
    function *at;
    while ((step = index_in(steps, STEPS, at = function_at(next(context)))) >= 0 && way.length < LENGTH_OF_DEEP)
        inside_out[way.length++] = (uint8_t)step;
    for (unsigned i = 0; i < way.length; i++)
        way.steps[i] = inside_out[way.length - 1 - i];
    int root = index_in(roots, KNOWN_ROOTS, at), path = way_like(&way, KNOWN_PATHS);
    return leaf < 0 || root < 0 || path < 0 ? -1
                                            : (int)known_stack((unsigned)root, (unsigned)path, (enum known_leaf)leaf);
}
