/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_ZLIB_H
#define TARE_ALLOCATOR_ZLIB_H

/*
 * zlib and the zalloc, zfree and opaque of its streams.
 *
 * A stream with Z_NULL there calls malloc and free: those count by themselves,
 * without this. It is for streams whose memory is no malloc's.
 *
 *     tare_allocator counted = tare_wrap(&mine);
 *     z_stream stream = {0};
 *     tare_zlib_use(&stream, &counted);          a stream over an allocator of yours
 *     inflateInit(&stream);
 *
 *     tare_zlib wrap;
 *     stream.zalloc = my_zalloc, stream.zfree = my_zfree, stream.opaque = me;
 *     tare_zlib_wrap(&wrap, &stream);            a stream that has one already
 *     inflateInit(&stream);
 *
 * Call either before the stream's Init function.
 */

#include <tare/allocator.h>
#include <zlib.h>

/* A zalloc and a zfree over a tare_allocator, the opaque. */
static inline voidpf tare_zlib_alloc(voidpf allocator, uInt items, uInt size)
{
    const tare_allocator *by = (const tare_allocator *)allocator;
    if (size != 0 && items > SIZE_MAX / size)
        return Z_NULL;
    return by->alloc(by->context, (size_t)items * size);
}

static inline void tare_zlib_free(voidpf allocator, voidpf block)
{
    const tare_allocator *by = (const tare_allocator *)allocator;
    by->free(by->context, block);
}

/* Sets them. The allocator, whose free is set, must live as long as the stream's state. */
static inline void tare_zlib_use(z_stream *stream, tare_allocator *allocator)
{
    stream->zalloc = tare_zlib_alloc;
    stream->zfree = tare_zlib_free;
    stream->opaque = allocator;
}

/* A stream whose own zalloc and zfree are wrapped. */
typedef struct tare_zlib {
    alloc_func alloc; /* what the stream used before */
    free_func free;
    voidpf opaque;
    uInt items; /* of the call that is on its way */
    uInt size;
    tare_allocator inner;
    tare_allocator counted;
} tare_zlib;

static inline void *tare_zlib_inner_alloc_(void *wrap, size_t size)
{
    const tare_zlib *zlib = (const tare_zlib *)wrap;
    (void)size;
    return zlib->alloc(zlib->opaque, zlib->items, zlib->size);
}

static inline void tare_zlib_inner_free_(void *wrap, void *block)
{
    const tare_zlib *zlib = (const tare_zlib *)wrap;
    zlib->free(zlib->opaque, block);
}

static inline voidpf tare_zlib_alloc_wrapped_(voidpf wrap, uInt items, uInt size)
{
    tare_zlib *zlib = (tare_zlib *)wrap;
    zlib->items = items;
    zlib->size = size;
    return tare_zlib_alloc(&zlib->counted, items, size);
}

static inline void tare_zlib_free_wrapped_(voidpf wrap, voidpf block)
{
    tare_zlib_free(&((tare_zlib *)wrap)->counted, block);
}

/* Counts what a stream allocates by the zalloc and zfree it has; does nothing
 * where it has none. *wrap must stay where it is as long as the stream's state,
 * also where inflateCopy() or deflateCopy() makes another of it. */
static inline void tare_zlib_wrap(tare_zlib *wrap, z_stream *stream)
{
    if (stream->zalloc == Z_NULL || stream->zfree == Z_NULL)
        return;
    wrap->alloc = stream->zalloc;
    wrap->free = stream->zfree;
    wrap->opaque = stream->opaque;
    wrap->items = wrap->size = 0;
    wrap->inner.alloc = tare_zlib_inner_alloc_;
    wrap->inner.realloc = NULL;
    wrap->inner.free = tare_zlib_inner_free_;
    wrap->inner.context = wrap;
    wrap->counted = tare_wrap(&wrap->inner);
    stream->zalloc = tare_zlib_alloc_wrapped_;
    stream->zfree = tare_zlib_free_wrapped_;
    stream->opaque = wrap;
}

#endif
