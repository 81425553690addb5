/* SPDX-License-Identifier: MIT */
/* The same code over malloc, over an arena that nobody sees into, and over the
 * arena wrapped: that shows the figures of malloc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tare/allocator.h>

/* Under test: reverses the words of a text, in a list that it allocates. */
struct word {
    struct word *next;
    char text[];
};

static struct word *split(const tare_allocator *by, const char *text)
{
    struct word *words = NULL;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        struct word *word = by->alloc(by->context, sizeof *word + length + 1);
        if (word == NULL)
            break;
        memcpy(word->text, text, length);
        word->text[length] = '\0';
        word->next = words;
        words = word;
        text += length + strspn(text + length, " ");
    }
    return words;
}

static void give_back(const tare_allocator *by, struct word *words)
{
    while (words != NULL) {
        struct word *next = words->next;
        by->free(by->context, words);
        words = next;
    }
}

static struct {
    _Alignas(16) char memory[4096];
    size_t used;
} arena;

static void *arena_alloc(void *unused, size_t size)
{
    (void)unused;
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > sizeof arena.memory - arena.used)
        return NULL;
    arena.used += rounded;
    return arena.memory + arena.used - rounded;
}

/* Only resetting it gives anything back. */
static void arena_free(void *unused, void *piece)
{
    (void)unused, (void)piece;
}

static void *plain_alloc(void *unused, size_t size)
{
    (void)unused;
    return malloc(size);
}

static void plain_free(void *unused, void *block)
{
    (void)unused;
    free(block);
}

static void measure(const char *what, const tare_allocator *by)
{
    tare_stats stats;
    tare_measure(&stats) {
        struct word *words = split(by, "zero the scale put the code on it");
        give_back(by, words);
    }
    printf("%-18s %2ju allocations, %3ju bytes at most, %ju leaked\n", what, (uintmax_t)stats.allocations,
           (uintmax_t)stats.peak_bytes, (uintmax_t)stats.leaked_allocations);
}

int main(void)
{
    const tare_allocator of_malloc = {.alloc = plain_alloc, .free = plain_free};
    const tare_allocator of_arena = {.alloc = arena_alloc, .free = arena_free};
    tare_allocator counted = tare_wrap(&of_arena);

    measure("malloc", &of_malloc);
    measure("arena", &of_arena);
    measure("arena, wrapped", &counted);
    return 0;
}
