/* SPDX-License-Identifier: MIT */
/* By the schema that protobuf-c has: fields, and into those that are messages, which in
 * a profile are three deep at most. */
#include "pprof_scan.h"

#include <stdint.h>

#include "pprof.pb-c.h"

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5, DEPTH_MAX = 4 };

struct scan {
    const unsigned char *bytes;
    struct tare__damage *damage;
    /* the messages that are open, the outermost first */
    struct {
        const ProtobufCMessageDescriptor *message; /* NULL for packed numbers */
        size_t end;
    } open[DEPTH_MAX];
    int depth;
    size_t at;
};

static bool damaged(struct scan *scan, size_t offset, const char *what)
{
    *scan->damage = (struct tare__damage){offset, what};
    return false;
}

static size_t end_of(const struct scan *scan)
{
    return scan->open[scan->depth - 1].end;
}

static bool varint(struct scan *scan, uint64_t *number)
{
    const size_t start = scan->at;
    *number = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (scan->at == end_of(scan))
            return damaged(scan, start, "a number is cut off");
        unsigned char byte = scan->bytes[scan->at++];
        if (shift < 64)
            *number |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return damaged(scan, start, "a number is longer than 10 bytes");
}

static bool skip(struct scan *scan, uint64_t bytes)
{
    if (bytes > end_of(scan) - scan->at)
        return damaged(scan, scan->at, "a field goes on behind the end of its message");
    scan->at += bytes;
    return true;
}

/* A field with a length: text is skipped, a message and packed numbers are looked into. */
static bool enter(struct scan *scan, const ProtobufCFieldDescriptor *field, uint64_t length)
{
    const size_t start = scan->at;
    bool is_number = field != NULL && field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_BYTES;
    if (!skip(scan, length))
        return false;
    if (is_number && field->label != PROTOBUF_C_LABEL_REPEATED)
        return damaged(scan, start, "a number is expected");
    if (field == NULL || field->type == PROTOBUF_C_TYPE_BYTES)
        return true;
    scan->at = start;
    scan->open[scan->depth].message = is_number ? NULL : field->descriptor;
    scan->open[scan->depth++].end = start + (size_t)length;
    return true;
}

static bool field(struct scan *scan)
{
    const ProtobufCMessageDescriptor *message = scan->open[scan->depth - 1].message;
    const size_t start = scan->at;
    uint64_t tag, number;
    if (message == NULL)
        return varint(scan, &number);
    if (!varint(scan, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > (1u << 29) - 1)
        return damaged(scan, start, "this is no field");
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(message, (unsigned)(tag >> 3));
    bool takes_number =
        known == NULL || (known->type != PROTOBUF_C_TYPE_MESSAGE && known->type != PROTOBUF_C_TYPE_BYTES);
    switch (tag & 7) {
    case VARINT:
        return takes_number ? varint(scan, &number) : damaged(scan, start, "a number stands where none is expected");
    case LENGTH:
        return varint(scan, &number) && enter(scan, known, number);
    case FIXED64:
        return known == NULL ? skip(scan, 8) : damaged(scan, start, "this field has the wrong type");
    case FIXED32:
        return known == NULL ? skip(scan, 4) : damaged(scan, start, "this field has the wrong type");
    default:
        return damaged(scan, start, "this is no field");
    }
}

bool tare__pprof_scan(const char *bytes, size_t size, struct tare__damage *damage)
{
    struct scan scan = {.bytes = (const unsigned char *)bytes, .damage = damage, .depth = 1};
    scan.open[0].message = &tare__pprof__profile__descriptor;
    scan.open[0].end = size;
    while (scan.depth > 0) {
        if (scan.at == end_of(&scan))
            scan.depth--;
        else if (!field(&scan))
            return false;
    }
    return true;
}
