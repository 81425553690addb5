/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_EXPAT_H
#define TARE_ALLOCATOR_EXPAT_H

/*
 * expat and its XML_Memory_Handling_Suite.
 *
 * XML_ParserCreate() makes parsers that call malloc, realloc and free: those
 * count by themselves, without this. It is for parsers whose memory is no
 * malloc's.
 *
 *     XML_Parser parser = XML_ParserCreate_MM(NULL, tare_expat_suite(&mine), NULL);
 *
 * The suite has no argument to tell one allocator from another, so there is one
 * for the process, in variables of the file that includes this: call it from one
 * file, and not for another allocator while a parser of the first lives. A
 * parser keeps its suite to itself, so one that has one can't be wrapped.
 */

#include <expat.h>
#include <tare/allocator.h>

static tare_allocator tare_expat_allocator_;

static inline void *tare_expat_malloc_(size_t size)
{
    return tare_expat_allocator_.alloc(tare_expat_allocator_.context, size);
}

static inline void *tare_expat_realloc_(void *block, size_t size)
{
    return tare_expat_allocator_.realloc(tare_expat_allocator_.context, block, size);
}

static inline void tare_expat_free_(void *block)
{
    tare_expat_allocator_.free(tare_expat_allocator_.context, block);
}

/* A suite over inner, counted; inner must live as long as the parsers. NULL
 * stands for malloc. The suite lives forever. */
static inline const XML_Memory_Handling_Suite *tare_expat_suite(const tare_allocator *inner)
{
    static const XML_Memory_Handling_Suite suite = {tare_expat_malloc_, tare_expat_realloc_, tare_expat_free_};
    tare_expat_allocator_ = tare_wrap(inner);
    return &suite;
}

#endif
