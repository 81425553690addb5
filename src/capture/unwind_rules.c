/* SPDX-License-Identifier: MIT */
/*
 * Reads .eh_frame: a table sorted by address (.eh_frame_hdr) finds the
 * description of a function (FDE), which belongs to one of a kind (CIE); both hold
 * instructions that build a row for each address. Only three registers matter
 * here. Formats: Linux Standard Base 5.0, "Exception Frames"; DWARF 5, 6.4;
 * "DWARF for the Arm 64-bit Architecture". The tables are trusted like code: the
 * module's exceptions are thrown by them.
 */
#include "unwind_rules.h"

#include <stddef.h>
#include <string.h>

#include "compiler.h"

#if defined(__x86_64__)
enum { REGISTER_FP = 6, REGISTER_SP = 7, REGISTER_PC = 16 };
#else
enum { REGISTER_FP = 29, REGISTER_SP = 31, REGISTER_PC = 30 };
#endif

/* ---- Bytes --------------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
    bool bad; /* an encoding that nobody writes, or the end */
};

static const uint8_t *take(struct reader *in, size_t bytes)
{
    static const uint8_t zeros[8];
    if ((size_t)(in->end - in->at) < bytes) {
        in->bad = true;
        in->at = in->end;
        return zeros;
    }
    const uint8_t *taken = in->at;
    in->at += bytes;
    return taken;
}

static void skip(struct reader *in, uint64_t bytes)
{
    if (bytes > (uint64_t)(in->end - in->at)) {
        in->bad = true;
        bytes = (uint64_t)(in->end - in->at);
    }
    in->at += bytes;
}

#define TAKE(type)                                                                                                     \
    static type take_##type(struct reader *in)                                                                         \
    {                                                                                                                  \
        type value;                                                                                                    \
        memcpy(&value, take(in, sizeof value), sizeof value);                                                          \
        return value;                                                                                                  \
    }
TAKE(uint8_t)
TAKE(uint16_t)
TAKE(uint32_t)
TAKE(int16_t)
TAKE(int32_t)
TAKE(uint64_t)

static uint64_t take_leb(struct reader *in, bool is_signed)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = take_uint8_t(in);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    if (is_signed && (byte & 0x40) != 0 && shift < 64)
        value |= ~UINT64_C(0) << shift;
    return value;
}

static uint64_t take_unsigned(struct reader *in)
{
    return take_leb(in, false);
}

static int64_t take_signed(struct reader *in)
{
    return (int64_t)take_leb(in, true);
}

/* A pointer in the encoding of DW_EH_PE_*; only addresses of code are asked for. */
enum { ENCODING_OMIT = 0xff, ENCODING_FORMAT = 0x0f, ENCODING_RELATIVE = 0x70, ENCODING_PC_RELATIVE = 0x10 };

static uint64_t take_encoded(struct reader *in, uint8_t encoding)
{
    uintptr_t here = (uintptr_t)in->at;
    uint64_t value;
    switch (encoding & ENCODING_FORMAT) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        value = take_uint64_t(in);
        break;
    case 0x02:
        value = take_uint16_t(in);
        break;
    case 0x03:
        value = take_uint32_t(in);
        break;
    case 0x0a:
        value = (uint64_t)take_int16_t(in);
        break;
    case 0x0b:
        value = (uint64_t)take_int32_t(in);
        break;
    default:
        in->bad = true;
        return 0;
    }
    if ((encoding & ENCODING_RELATIVE) == ENCODING_PC_RELATIVE)
        return here + value;
    in->bad |= (encoding & ENCODING_RELATIVE) != 0;
    return value;
}

/* ---- From an address to a description -------------------------------------- */

struct table_row { /* of .eh_frame_hdr; relative to its begin */
    int32_t address, description;
};

/* What every linker writes, except for gcc -static without -Wl,--eh-frame-hdr. */
static bool has_table(const struct tare__unwind_module *module)
{
    const uint8_t *header = module->frame_header;
    return header != NULL && header[0] == 1 && header[2] == 0x03 && header[3] == 0x3b;
}

static const uint8_t *find_description(const struct tare__unwind_module *module, uintptr_t address)
{
    const uint8_t *header = module->frame_header;
    if (!has_table(module))
        return NULL;
    struct reader in = {header + 4, header + 4 + 16, false};
    take_encoded(&in, header[1]);
    uint32_t low = 0, high = take_uint32_t(&in);
    const struct table_row *rows = (const void *)in.at;
    int64_t wanted = (int64_t)(address - (uintptr_t)header);
    if (in.bad || high == 0 || wanted < rows[0].address)
        return NULL;
    while (high - low > 1) { /* rows[low] <= wanted < rows[high] */
        uint32_t middle = low + (high - low) / 2;
        if (rows[middle].address <= wanted)
            low = middle;
        else
            high = middle;
    }
    return header + rows[low].description;
}

/* What stands in a CIE. */
struct kind {
    uint64_t code_alignment;
    int64_t data_alignment;
    uint8_t encoding;
    bool signal_frame;
    bool sized; /* its FDEs begin with the length of what else they hold */
    struct reader instructions;
};

/* A length, and what is that long. */
static struct reader read_entry(const uint8_t *at)
{
    struct reader in = {at, at + 12, false};
    uint64_t bytes = take_uint32_t(&in);
    if (bytes == UINT32_MAX)
        bytes = take_uint64_t(&in);
    in.end = in.at + bytes;
    return in;
}

static bool read_kind(const uint8_t *at, struct kind *kind)
{
    struct reader in = read_entry(at);
    if (take_uint32_t(&in) != 0) /* not a CIE */
        return false;
    uint8_t version = take_uint8_t(&in);
    const char *augmentation = (const char *)in.at;
    while (take_uint8_t(&in) != 0)
        ;
    kind->code_alignment = take_unsigned(&in);
    kind->data_alignment = take_signed(&in);
    uint64_t return_register = version == 1 ? take_uint8_t(&in) : take_unsigned(&in);
    if ((version != 1 && version != 3) || return_register != REGISTER_PC)
        return false;
    kind->sized = *augmentation == 'z';
    if (kind->sized) {
        take_unsigned(&in);
        augmentation++;
    }
    for (; *augmentation != '\0'; augmentation++)
        switch (*augmentation) {
        case 'R':
            kind->encoding = take_uint8_t(&in);
            break;
        case 'P': { /* the personality: only its length matters */
            uint8_t encoding = take_uint8_t(&in);
            take_encoded(&in, encoding & ENCODING_FORMAT);
            break;
        }
        case 'L':
            take_uint8_t(&in);
            break;
        case 'S':
            kind->signal_frame = true;
            break;
        case 'B': /* return addresses are signed by the B key: stripped all the same */
            break;
        default:
            return false;
        }
    kind->instructions = in;
    return !in.bad;
}

/* ---- Rows ------------------------------------------------------------------ */

/* Where a register of the caller is. */
struct place {
    enum { SAME, UNDEFINED, AT_CFA, BY_EXPRESSION, ELSEWHERE } how;
    int64_t offset;
    const uint8_t *expression; /* its length, then that many bytes */
};

struct row {
    uint64_t cfa_register;
    int64_t cfa_offset;
    const uint8_t *cfa_expression; /* NULL: the two above */
    struct place fp, pc;
    bool odd; /* sp is not the CFA */
};

enum { REMEMBERED_MAX = 8 };

struct rows {
    const struct kind *kind;
    uintptr_t wanted, at;
    struct row now, first; /* first: what the CIE says, for DW_CFA_restore */
    struct row remembered[REMEMBERED_MAX];
    unsigned remembered_count;
};

static void set_place(struct row *row, uint64_t number, struct place place)
{
    if (number == REGISTER_FP)
        row->fp = place;
    else if (number == REGISTER_PC)
        row->pc = place;
    else if (number == REGISTER_SP)
        row->odd = true;
}

static void set_offset(struct rows *rows, uint64_t number, int64_t factored)
{
    set_place(&rows->now, number, (struct place){.how = AT_CFA, .offset = factored * rows->kind->data_alignment});
}

static void restore(struct rows *rows, uint64_t number)
{
    if (number == REGISTER_FP)
        rows->now.fp = rows->first.fp;
    else if (number == REGISTER_PC)
        rows->now.pc = rows->first.pc;
}

static void set_cfa(struct row *row, uint64_t number, int64_t offset)
{
    row->cfa_register = number;
    row->cfa_offset = offset;
    row->cfa_expression = NULL;
}

static const uint8_t *take_expression(struct reader *in)
{
    const uint8_t *expression = in->at;
    skip(in, take_unsigned(in));
    return expression;
}

enum { /* DW_CFA_*: three have an operand in their low bits */
       ADVANCE = 0x40,
       OFFSET = 0x80,
       RESTORE = 0xc0,
       HIGH_BITS = 0xc0,
       NOP = 0x00,
       SET_LOC = 0x01,
       ADVANCE_1 = 0x02,
       ADVANCE_2 = 0x03,
       ADVANCE_4 = 0x04,
       OFFSET_EXTENDED = 0x05,
       RESTORE_EXTENDED = 0x06,
       UNDEFINED_REGISTER = 0x07,
       SAME_VALUE = 0x08,
       IN_REGISTER = 0x09,
       REMEMBER_STATE = 0x0a,
       RESTORE_STATE = 0x0b,
       DEF_CFA = 0x0c,
       DEF_CFA_REGISTER = 0x0d,
       DEF_CFA_OFFSET = 0x0e,
       DEF_CFA_EXPRESSION = 0x0f,
       EXPRESSION = 0x10,
       OFFSET_EXTENDED_SF = 0x11,
       DEF_CFA_SF = 0x12,
       DEF_CFA_OFFSET_SF = 0x13,
       VAL_OFFSET = 0x14,
       VAL_OFFSET_SF = 0x15,
       VAL_EXPRESSION = 0x16,
       NEGATE_RA_STATE = 0x2d,
       GNU_ARGS_SIZE = 0x2e,
};

static void advance(struct rows *rows, uint64_t factored)
{
    rows->at += factored * rows->kind->code_alignment;
}

/* The places of registers. False for what no compiler writes. */
static bool run_place(struct rows *rows, struct reader *in, uint8_t instruction)
{
    uint64_t number = take_unsigned(in);
    switch (instruction) {
    case OFFSET_EXTENDED:
        set_offset(rows, number, (int64_t)take_unsigned(in));
        break;
    case OFFSET_EXTENDED_SF:
        set_offset(rows, number, take_signed(in));
        break;
    case RESTORE_EXTENDED:
        restore(rows, number);
        break;
    case UNDEFINED_REGISTER:
        set_place(&rows->now, number, (struct place){.how = UNDEFINED});
        break;
    case SAME_VALUE:
        set_place(&rows->now, number, (struct place){.how = SAME});
        break;
    case EXPRESSION:
        set_place(&rows->now, number, (struct place){.how = BY_EXPRESSION, .expression = take_expression(in)});
        break;
    case IN_REGISTER:
    case VAL_OFFSET:
    case VAL_OFFSET_SF:
        take_unsigned(in);
        set_place(&rows->now, number, (struct place){.how = ELSEWHERE});
        break;
    case VAL_EXPRESSION:
        take_expression(in);
        set_place(&rows->now, number, (struct place){.how = ELSEWHERE});
        break;
    default:
        return false;
    }
    return true;
}

static bool run_instruction(struct rows *rows, struct reader *in)
{
    uint8_t instruction = take_uint8_t(in), operand = instruction & (uint8_t)~HIGH_BITS;
    switch (instruction & HIGH_BITS) {
    case ADVANCE:
        advance(rows, operand);
        return true;
    case OFFSET:
        set_offset(rows, operand, (int64_t)take_unsigned(in));
        return true;
    case RESTORE:
        restore(rows, operand);
        return true;
    default:
        break;
    }
    struct row *row = &rows->now;
    switch (instruction) {
    case NOP:
    case NEGATE_RA_STATE: /* the address is signed from here on, or no longer: stripped all the same */
        return true;
    case SET_LOC:
        rows->at = take_encoded(in, rows->kind->encoding);
        return true;
    case ADVANCE_1:
        advance(rows, take_uint8_t(in));
        return true;
    case ADVANCE_2:
        advance(rows, take_uint16_t(in));
        return true;
    case ADVANCE_4:
        advance(rows, take_uint32_t(in));
        return true;
    case REMEMBER_STATE:
        if (rows->remembered_count == REMEMBERED_MAX)
            return false;
        rows->remembered[rows->remembered_count++] = *row;
        return true;
    case RESTORE_STATE:
        if (rows->remembered_count == 0)
            return false;
        *row = rows->remembered[--rows->remembered_count];
        return true;
    case DEF_CFA: {
        uint64_t number = take_unsigned(in);
        set_cfa(row, number, (int64_t)take_unsigned(in));
        return true;
    }
    case DEF_CFA_SF: {
        uint64_t number = take_unsigned(in);
        set_cfa(row, number, take_signed(in) * rows->kind->data_alignment);
        return true;
    }
    case DEF_CFA_REGISTER:
        set_cfa(row, take_unsigned(in), row->cfa_offset);
        return true;
    case DEF_CFA_OFFSET:
        set_cfa(row, row->cfa_register, (int64_t)take_unsigned(in));
        return true;
    case DEF_CFA_OFFSET_SF:
        set_cfa(row, row->cfa_register, take_signed(in) * rows->kind->data_alignment);
        return true;
    case DEF_CFA_EXPRESSION:
        row->cfa_expression = take_expression(in);
        return true;
    case GNU_ARGS_SIZE:
        take_unsigned(in);
        return true;
    default:
        return run_place(rows, in, instruction);
    }
}

/* Until the row that holds at the address. */
static bool run(struct rows *rows, struct reader in)
{
    while (in.at < in.end && rows->at <= rows->wanted) {
        struct row before = rows->now;
        uintptr_t at = rows->at;
        if (!run_instruction(rows, &in) || in.bad)
            return false;
        if (rows->at != at && rows->at > rows->wanted)
            rows->now = before;
    }
    return true;
}

/* ---- From a row to a rule ---------------------------------------------------- */

static bool words_below_cfa(const struct place *place, uint64_t *words)
{
    *words = (uint64_t)-place->offset / 8;
    return place->offset < 0 && place->offset % 8 == 0 && *words <= TARE__RULE_FP_WORDS;
}

static bool encode_cfa(const struct row *row, uint64_t *rule)
{
    if (row->cfa_expression != NULL || (row->cfa_register != REGISTER_SP && row->cfa_register != REGISTER_FP))
        return false;
    if (row->cfa_offset < 0 || ((uint64_t)row->cfa_offset & ~(uint64_t)TARE__RULE_CFA_BYTES) != 0)
        return false;
    *rule = (uint64_t)row->cfa_offset | (row->cfa_register == REGISTER_FP ? TARE__RULE_FROM_FP : 0);
    return true;
}

#if defined(__x86_64__)

enum { /* DW_OP_* */
       OP_DEREF = 0x06,
       OP_LITERAL_0 = 0x30,
       OP_FP = 0x70 + REGISTER_FP,
};

/* An entry of a PLT as GNU ld and lld describe it: 8 bytes above sp, and 8 more
 * from its second instruction on, which pushes. The entries are 16 bytes long, so
 * the same expression serves them all: DW_OP_breg7 8, breg16 0, lit15, and, litN,
 * ge, lit3, shl, plus. */
static bool plt_row(struct row *row, uintptr_t address)
{
    static const uint8_t before[] = {11, 0x77, 8, 0x80, 0, 0x3f, 0x1a}, after[] = {0x2a, 0x33, 0x24, 0x22};
    const uint8_t *expression = row->cfa_expression;
    if (memcmp(expression, before, sizeof before) != 0 ||
        memcmp(expression + sizeof before + 1, after, sizeof after) != 0)
        return false;
    unsigned pushed_from = (unsigned)expression[sizeof before] - OP_LITERAL_0;
    set_cfa(row, REGISTER_SP, (address & 15) >= pushed_from ? 16 : 8);
    return true;
}

/* A function that aligns its stack for vectors and takes arguments from it: gcc
 * keeps the CFA below fp (DW_OP_breg6 -N, deref) and the caller's fp at fp. */
static bool realigned_row(const struct row *row, uint64_t *rule)
{
    const uint8_t *cfa = row->cfa_expression, *fp = row->fp.expression;
    if (cfa == NULL || cfa[1] != OP_FP || row->fp.how != BY_EXPRESSION || fp[0] != 2 || fp[1] != OP_FP || fp[2] != 0)
        return false;
    struct reader in = {cfa + 2, cfa + 1 + cfa[0], false};
    struct place kept = {.offset = take_signed(&in)};
    uint64_t words;
    if (take_uint8_t(&in) != OP_DEREF || in.bad || in.at != in.end || !words_below_cfa(&kept, &words))
        return false;
    *rule = TARE__RULE_REALIGNED | words << TARE__RULE_FP_SHIFT;
    return true;
}

static uint64_t encode(struct row *row, uintptr_t address)
{
    uint64_t rule, words = 0;
    if (row->pc.how != AT_CFA || row->pc.offset != -8)
        return TARE__RULE_NOT_TAKEN;
    if (realigned_row(row, &rule))
        return rule;
    if (row->cfa_expression != NULL && !plt_row(row, address))
        return TARE__RULE_NOT_TAKEN;
    if (!encode_cfa(row, &rule) || row->fp.how > AT_CFA ||
        (row->fp.how == AT_CFA && !words_below_cfa(&row->fp, &words)))
        return TARE__RULE_NOT_TAKEN;
    return rule | words << TARE__RULE_FP_SHIFT | TARE__RULE_FRAME;
}

#else

static uint64_t encode(struct row *row, uintptr_t address)
{
    (void)address;
    uint64_t rule, words;
    if (!encode_cfa(row, &rule) || row->fp.how > AT_CFA)
        return TARE__RULE_NOT_TAKEN;
    bool fp_saved = row->fp.how == AT_CFA;
    if (row->pc.how == SAME)
        return fp_saved ? TARE__RULE_NOT_TAKEN : rule | TARE__RULE_PC_IN_LR;
    if (row->pc.how != AT_CFA || (fp_saved && (row->pc.offset != row->fp.offset + 8 || row->pc.offset >= 0)))
        return TARE__RULE_NOT_TAKEN;
    const struct place *saved = fp_saved ? &row->fp : &row->pc;
    if (!words_below_cfa(saved, &words)) {
        if (saved->offset != -row->cfa_offset)
            return TARE__RULE_NOT_TAKEN;
        return rule | (fp_saved ? TARE__RULE_LARGE : TARE__RULE_PC_SAVED); /* 0 words */
    }
    return rule | words << TARE__RULE_FP_SHIFT | (fp_saved ? TARE__RULE_FRAME : TARE__RULE_PC_SAVED);
}

#endif

uint64_t tare__unwind_rule(const struct tare__unwind_module *module, uintptr_t address)
{
    const uint8_t *description = find_description(module, address);
    if (description == NULL)
        return has_table(module) ? TARE__RULE_NONE : TARE__RULE_NOT_TAKEN;
    struct reader in = read_entry(description);
    const uint8_t *distance_at = in.at;
    struct kind kind = {0};
    if (!read_kind(distance_at - take_uint32_t(&in), &kind))
        return TARE__RULE_NOT_TAKEN;
    uintptr_t begin = take_encoded(&in, kind.encoding);
    uint64_t bytes = take_encoded(&in, kind.encoding & ENCODING_FORMAT);
    if (address - begin >= bytes)
        return in.bad ? TARE__RULE_NOT_TAKEN : TARE__RULE_NONE;
    if (kind.signal_frame)
        return TARE__RULE_SIGNAL;
    if (kind.sized)
        skip(&in, take_unsigned(&in));
    struct rows rows = {.kind = &kind, .wanted = address, .at = begin};
    if (!run(&rows, kind.instructions))
        return TARE__RULE_NOT_TAKEN;
    rows.first = rows.now;
    if (!run(&rows, in) || in.bad)
        return TARE__RULE_NOT_TAKEN;
    if (rows.now.pc.how == UNDEFINED)
        return TARE__RULE_OUTERMOST;
    return rows.now.odd ? TARE__RULE_NOT_TAKEN : encode(&rows.now, address);
}
