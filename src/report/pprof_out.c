/* SPDX-License-Identifier: MIT */
#include "pprof_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "grow.h"
#include "phrase.h"
#include "string_pool.h"

enum { GZIP_BYTES = 1 << 16 };

struct tare__pprof_out {
    struct tare__strings *strings;
    ProtobufCBinaryData *text; /* as the table has it */
    size_t text_count;
    uint8_t *packed;
    size_t packed_room;
    z_stream stream;
    unsigned char compressed[GZIP_BYTES];
    FILE *file;
};

/* ---- Bytes ------------------------------------------------------------------ */

static void compress_bytes(struct tare__pprof_out *out, const uint8_t *bytes, size_t size, int flush)
{
    z_stream *stream = &out->stream;
    stream->next_in = (Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)size;
    do {
        stream->next_out = out->compressed;
        stream->avail_out = GZIP_BYTES;
        deflate(stream, flush);
        fwrite(out->compressed, 1, GZIP_BYTES - stream->avail_out, out->file);
    } while (stream->avail_out == 0);
}

int tare__pprof_part(struct tare__pprof_out *out, const Tare__Pprof__Profile *part)
{
    size_t size = tare__pprof__profile__get_packed_size(part);
    if (size > UINT32_MAX / 2)
        return EOVERFLOW;
    if (size > out->packed_room) {
        uint8_t *packed = realloc(out->packed, 2 * size);
        if (packed == NULL)
            return ENOMEM;
        out->packed = packed;
        out->packed_room = 2 * size;
    }
    tare__pprof__profile__pack(part, out->packed);
    compress_bytes(out, out->packed, size, Z_NO_FLUSH);
    return 0;
}

/* ---- Text ------------------------------------------------------------------- */

/* With U+FFFD for what is no UTF-8; NULL where there is no memory. Free it. */
static char *valid_copy(const char *text)
{
    enum { CHARACTER_MAX = 4 };
    char *copy = malloc(CHARACTER_MAX * strlen(text) + 1), *at = copy;
    while (copy != NULL && *text != '\0') {
        size_t length;
        const char *character = tare__next_character(&text, &length);
        memcpy(at, character, length);
        at += length;
    }
    if (copy != NULL)
        *at = '\0';
    return copy;
}

/* The index, kept beside the text; 0 is the empty one. */
int tare__pprof_text(struct tare__pprof_out *out, const char *text, int64_t *index)
{
    *index = 0;
    if (text == NULL || *text == '\0')
        return 0;
    char *copy = valid_copy(text);
    const char *kept = copy != NULL ? tare__strings_add(out->strings, copy) : NULL;
    free(copy);
    if (kept == NULL)
        return ENOMEM;
    uintptr_t known = (uintptr_t)*tare__strings_meaning(kept);
    if (known == 0) {
        ProtobufCBinaryData *all = tare__grow(out->text, out->text_count, sizeof *all);
        if (all == NULL)
            return ENOMEM;
        out->text = all;
        all[out->text_count] = (ProtobufCBinaryData){strlen(kept), (uint8_t *)(uintptr_t)kept};
        known = out->text_count++;
        *tare__strings_meaning(kept) = (const char *)known;
    }
    *index = (int64_t)known;
    return 0;
}

static int begin_text(struct tare__pprof_out *out)
{
    out->strings = tare__strings_new();
    out->text = tare__grow(NULL, 0, sizeof *out->text);
    if (out->strings == NULL || out->text == NULL)
        return ENOMEM;
    out->text[0] = (ProtobufCBinaryData){0, (uint8_t *)(uintptr_t) ""};
    out->text_count = 1;
    return 0;
}

static int write_text(struct tare__pprof_out *out)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < out->text_count; i++) {
        Tare__Pprof__Profile part = TARE__PPROF__PROFILE__INIT;
        part.n_string_table = 1;
        part.string_table = &out->text[i];
        error = tare__pprof_part(out, &part);
    }
    return error;
}

/* ---- All of it ---------------------------------------------------------------------- */

static void free_all(struct tare__pprof_out *out)
{
    deflateEnd(&out->stream);
    tare__strings_free(out->strings);
    free(out->text);
    free(out->packed);
    free(out);
}

struct tare__pprof_out *tare__pprof_open(FILE *file)
{
    enum { GZIP = 16, MEMORY_LEVEL = 8 };
    struct tare__pprof_out *out = calloc(1, sizeof *out);
    if (out == NULL)
        return NULL;
    out->file = file;
    if (deflateInit2(&out->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP + MAX_WBITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) == Z_OK &&
        begin_text(out) == 0)
        return out;
    free_all(out);
    return NULL;
}

int tare__pprof_close(struct tare__pprof_out *out, int error)
{
    if (error == 0)
        error = write_text(out);
    if (error == 0)
        compress_bytes(out, NULL, 0, Z_FINISH);
    free_all(out);
    return error;
}
