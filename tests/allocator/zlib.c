/* SPDX-License-Identifier: MIT */
/* zlib over a counting allocator, and with a stream's own functions wrapped. */
#include <stdlib.h>
#include <tare/allocator/zlib.h>

#include "books.h"

enum { TEXT_BYTES = 300000 };
static unsigned char text[TEXT_BYTES], packed[TEXT_BYTES + 1000], unpacked[TEXT_BYTES];

static size_t deflate_all(z_stream *stream)
{
    CHECK_EQUAL(deflateInit(stream, 6), Z_OK);
    stream->next_in = text;
    stream->avail_in = TEXT_BYTES;
    stream->next_out = packed;
    stream->avail_out = sizeof packed;
    CHECK_EQUAL(deflate(stream, Z_FINISH), Z_STREAM_END);
    size_t bytes = stream->total_out;
    CHECK_EQUAL(deflateEnd(stream), Z_OK);
    return bytes;
}

static void inflate_all(z_stream *stream, size_t bytes)
{
    z_stream copy;
    CHECK_EQUAL(inflateInit(stream), Z_OK);
    stream->next_in = packed;
    stream->avail_in = (uInt)bytes;
    stream->next_out = unpacked;
    stream->avail_out = TEXT_BYTES / 2;
    CHECK_EQUAL(inflate(stream, Z_NO_FLUSH), Z_OK);
    CHECK_EQUAL(inflateCopy(&copy, stream), Z_OK);
    CHECK_EQUAL(inflateEnd(stream), Z_OK);
    copy.avail_out = TEXT_BYTES - TEXT_BYTES / 2;
    CHECK_EQUAL(inflate(&copy, Z_FINISH), Z_STREAM_END);
    CHECK_EQUAL(inflateEnd(&copy), Z_OK);
    CHECK(memcmp(text, unpacked, TEXT_BYTES) == 0);
}

static void over_an_allocator(void)
{
    tare_stats stats;
    tare_allocator counted = tare_wrap(&books_allocator);
    memset(unpacked, 0, sizeof unpacked);
    books_open();
    tare_measure(&stats) {
        z_stream out = {0}, in = {0};
        tare_zlib_use(&out, &counted);
        tare_zlib_use(&in, &counted);
        inflate_all(&in, deflate_all(&out));
    }
    check_books(&stats);
    CHECK(stats.allocations >= 8 && stats.bytes_allocated > 200000);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

static uInt most_items;

static voidpf own_alloc(voidpf opaque, uInt items, uInt size)
{
    if (items > most_items)
        most_items = items;
    return books_alloc(opaque, (size_t)items * size);
}

static void own_free(voidpf opaque, voidpf block)
{
    books_free(opaque, block);
}

static void wrapped(void)
{
    tare_stats stats;
    tare_zlib of_out, of_in;
    memset(unpacked, 0, sizeof unpacked);
    books_open();
    tare_measure(&stats) {
        z_stream out = {.zalloc = own_alloc, .zfree = own_free, .opaque = &books}, in = out;
        tare_zlib_wrap(&of_out, &out);
        tare_zlib_wrap(&of_in, &in);
        inflate_all(&in, deflate_all(&out));
    }
    check_books(&stats);
    CHECK(most_items > 1); /* as zlib said, not all in one */
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

/* Where there is nothing to wrap, malloc counts. */
static void by_itself(void)
{
    tare_stats stats;
    tare_zlib wrap;
    tare_measure(&stats) {
        z_stream out = {0}, in = {0};
        tare_zlib_wrap(&wrap, &out);
        CHECK(out.zalloc == Z_NULL);
        inflate_all(&in, deflate_all(&out));
    }
    CHECK(stats.inexact == 0 && stats.allocations >= 8 && stats.leaked_allocations == 0);
}

/* No memory: zlib's error, and nothing left. */
static void out_of_memory(void)
{
    tare_stats stats;
    tare_allocator counted = tare_wrap(&books_allocator);
    books_open();
    tare_measure(&stats) {
        z_stream out = {0};
        tare_zlib_use(&out, &counted);
        books.fail_at = books.calls + 3;
        CHECK_EQUAL(deflateInit(&out, 6), Z_MEM_ERROR);
    }
    check_books(&stats);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

int main(void)
{
    uint32_t random = 1;
    for (size_t i = 0; i < TEXT_BYTES; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (unsigned char)('a' + (random >> 24) % (1 + i / 20000));
    }
    over_an_allocator();
    wrapped();
    by_itself();
    out_of_memory();
    return 0;
}
