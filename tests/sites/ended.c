/* SPDX-License-Identifier: MIT */
/*
 * usage: ended WAY [NUMBER]
 *
 *   kill, abort, exit  two threads allocate and free from the same stacks, until the
 *                      process ends like that, NUMBER microseconds later
 *   exec               makes a few blocks, and becomes "ended few", which makes others
 *   memory             asks for ever more blocks until there is no more memory for them
 *   file               then allows no file to become any larger, and goes on like ...
 *   stacks             one block from each of NUMBER call stacks
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIZE_MOST = 2000, BLOCKS = 64 };

static void *volatile kept;

#define APART __attribute__((noinline))
#define STAY() __asm__ volatile("" ::: "memory")

static APART void *make(size_t size)
{
    void *block = malloc(size);
    STAY();
    return block;
}

static APART void *make_by(unsigned way, size_t size)
{
    void *block;
    switch (way % 4) {
    case 0:
        block = make(size);
        break;
    case 1:
        block = calloc(1, size);
        break;
    case 2:
        block = realloc(make(size / 2), size);
        break;
    default:
        block = realloc(NULL, size);
        break;
    }
    STAY();
    return block;
}

static void *blocks[BLOCKS];

/* What one has made the other may free. */
static void *work(void *seed)
{
    for (uint64_t i = (uintptr_t)seed;; i = i * 6364136223846793005u + 1442695040888963407u) {
        void *made = make_by((unsigned)(i >> 40), 1 + (i >> 33) % SIZE_MOST);
        free(__atomic_exchange_n(&blocks[(i >> 50) % BLOCKS], made, __ATOMIC_ACQ_REL));
    }
    return NULL;
}

static void start_threads(long microseconds)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, (void *)1);
    pthread_create(&thread, NULL, work, (void *)2);
    usleep((useconds_t)microseconds);
}

static void become(const char *program)
{
    for (int i = 0; i < 5; i++)
        kept = make(100);
    execl(program, program, "few", (char *)NULL);
}

static void use_up_memory(void)
{
    struct rlimit limit = {256u << 20, 256u << 20};
    setrlimit(RLIMIT_AS, &limit);
    long made = 0, failed = 0;
    for (size_t size = 16u << 20; size > 100; size /= 2, failed++)
        for (void *block; (block = make(size)) != NULL; made++)
            kept = block;
    for (int i = 0; i < 100; i++) {
        void *block = make_by((unsigned)i, 10);
        made += block != NULL;
    }
    dprintf(1, "%ld %ld\n", made, failed);
}

static APART void one_deeper(long left)
{
    kept = malloc(8);
    if (left > 1)
        one_deeper(left - 1);
    STAY();
}

static void allow_no_larger_file(void)
{
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
}

int main(int count, char **arguments)
{
    const char *way = arguments[1];
    long number = count > 2 ? atol(arguments[2]) : 0;
    if (strcmp(way, "kill") == 0) {
        start_threads(number);
        kill(getpid(), SIGKILL);
    } else if (strcmp(way, "abort") == 0) {
        start_threads(number);
        abort();
    } else if (strcmp(way, "exit") == 0) {
        start_threads(number);
        _exit(3);
    } else if (strcmp(way, "exec") == 0) {
        become(arguments[0]);
    } else if (strcmp(way, "few") == 0) {
        for (int i = 0; i < 7; i++)
            kept = make(10);
    } else if (strcmp(way, "memory") == 0) {
        use_up_memory();
    } else {
        if (strcmp(way, "file") == 0)
            allow_no_larger_file();
        one_deeper(number);
    }
    return 0;
}
