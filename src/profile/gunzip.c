/* SPDX-License-Identifier: MIT */
/* One member after another, as gzip does. A few bytes can stand for very many: there is
 * a limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "readers.h"

enum { FIRST_BYTES = 1 << 16 };
static const size_t limit_bytes = (size_t)1 << 30;

bool tare__is_gzip(const char *bytes, size_t size)
{
    return size >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

struct unpacking {
    const struct tare__profile_input *input;
    z_stream stream;
    char *bytes;
    size_t room, used, taken;
};

static int make_room(struct unpacking *unpacking)
{
    if (unpacking->used < unpacking->room)
        return 0;
    if (unpacking->room >= limit_bytes)
        return tare__profile_refuse(unpacking->input, "it is larger than 1 GiB when unpacked");
    size_t room = unpacking->room == 0 ? FIRST_BYTES : 2 * unpacking->room;
    char *bytes = realloc(unpacking->bytes, room + 1); /* for a NUL behind */
    if (bytes == NULL)
        return ENOMEM;
    unpacking->bytes = bytes;
    unpacking->room = room;
    return 0;
}

/* zlib counts in 32 bits. */
static uInt at_most(size_t bytes)
{
    const size_t most = (size_t)1 << 30;
    return (uInt)(bytes < most ? bytes : most);
}

static int step(struct unpacking *unpacking, int *state)
{
    z_stream *stream = &unpacking->stream;
    uInt input = at_most(unpacking->input->size - unpacking->taken),
         output = at_most(unpacking->room - unpacking->used);
    stream->next_in = (Bytef *)(uintptr_t)(unpacking->input->bytes + unpacking->taken);
    stream->avail_in = input;
    stream->next_out = (Bytef *)unpacking->bytes + unpacking->used;
    stream->avail_out = output;
    *state = inflate(stream, Z_NO_FLUSH);
    unpacking->taken += input - stream->avail_in;
    unpacking->used += output - stream->avail_out;
    if (*state == Z_MEM_ERROR)
        return ENOMEM;
    if (*state == Z_STREAM_END && unpacking->taken < unpacking->input->size) {
        *state = Z_OK;
        return inflateReset(stream) == Z_OK ? 0 : ENOMEM;
    }
    if (*state == Z_OK || *state == Z_STREAM_END)
        return 0;
    if (*state == Z_BUF_ERROR && unpacking->taken == unpacking->input->size)
        return tare__profile_refuse(unpacking->input, "it is cut off: gzip's data goes on behind its end at offset %zu",
                                    unpacking->taken);
    return tare__profile_refuse(unpacking->input, "it is damaged: gzip's data at offset %zu: %s", unpacking->taken,
                                stream->msg != NULL ? stream->msg : "it can't be unpacked");
}

int tare__gunzip(const struct tare__profile_input *input, char **unpacked, size_t *unpacked_size)
{
    enum { GZIP = 16 };
    struct unpacking unpacking = {.input = input};
    int state = Z_OK, error = inflateInit2(&unpacking.stream, GZIP + MAX_WBITS) == Z_OK ? 0 : ENOMEM;
    while (error == 0 && state != Z_STREAM_END) {
        error = make_room(&unpacking);
        if (error == 0)
            error = step(&unpacking, &state);
    }
    inflateEnd(&unpacking.stream);
    if (error != 0) {
        free(unpacking.bytes);
        return error;
    }
    unpacking.bytes[unpacking.used] = '\0';
    *unpacked = unpacking.bytes;
    *unpacked_size = unpacking.used;
    return 0;
}
