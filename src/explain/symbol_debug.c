/* SPDX-License-Identifier: MIT */
/*
 * The other way round than one would think: not unit and function for each address,
 * but addresses for each unit and function. All addresses of a module are there at
 * once, so each unit that has some is walked through one time only, however many;
 * and units are asked what they cover, since clang writes no table of that.
 */
#include "symbol_debug.h"

#include <dwarf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "grow.h"
#include "symbol_scope.h"

enum { DEEPEST = 512 }; /* nesting of debug information: whoever made it may be no compiler */

struct unit {
    struct tare__debug *debug;
    Dwarf_Addr bias;
    Dwarf_Die *lines; /* the unit's entry that the table of lines hangs on */
    struct tare__naming naming;
    Dwarf_Files *files;
    size_t file_count;
    int error;
};

/* ---- Addresses -------------------------------------------------------------- */

struct span {
    struct tare__looked_up *first, *end;
};

static struct tare__looked_up *at_least(const struct tare__debug *debug, uint64_t address)
{
    size_t low = 0, high = debug->address_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (debug->addresses[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return debug->addresses + low;
}

/* The next of the addresses' spans that an entry covers; false after the last. The
 * offset is 0 at first. */
static bool next_span(const struct unit *unit, Dwarf_Die *entry, ptrdiff_t *offset, Dwarf_Addr *base, struct span *span)
{
    Dwarf_Addr low, end;
    while ((*offset = dwarf_ranges(entry, *offset, base, &low, &end)) > 0) {
        *span = (struct span){at_least(unit->debug, low + unit->bias), at_least(unit->debug, end + unit->bias)};
        if (low < end && span->first < span->end)
            return true;
    }
    return false;
}

/* ---- Functions -------------------------------------------------------------- */

static const char *keep(struct unit *unit, const char *text)
{
    const char *kept = text == NULL ? NULL : tare__strings_add(unit->debug->strings, text);
    if (text != NULL && kept == NULL)
        unit->error = ENOMEM;
    return kept;
}

static uint64_t number_of(Dwarf_Die *entry, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    return dwarf_formudata(dwarf_attr(entry, name, &attribute), &value) == 0 ? value : 0;
}

static const char *call_file(struct unit *unit, Dwarf_Die *entry)
{
    uint64_t number = number_of(entry, DW_AT_call_file);
    return number < unit->file_count ? keep(unit, dwarf_filesrc(unit->files, number, NULL, NULL)) : NULL;
}

/* Its number, or 0 where there is no memory. */
static uint32_t add_scope(struct unit *unit, Dwarf_Die *entry, uint32_t outer)
{
    struct tare__debug *debug = unit->debug;
    struct tare__scope_of_code *scopes = tare__grow(debug->scopes, debug->scope_count, sizeof *scopes);
    if (scopes == NULL) {
        unit->error = ENOMEM;
        return 0;
    }
    debug->scopes = scopes;
    struct tare__scope_of_code *scope = &scopes[debug->scope_count];
    *scope = (struct tare__scope_of_code){.outer = outer};
    scope->function = tare__function_name(&unit->naming, entry, &scope->plain);
    if (scope->function == NULL && errno == ENOMEM)
        unit->error = ENOMEM;
    if (outer != 0) {
        scope->call_file = call_file(unit, entry);
        scope->call_line = (uint32_t)number_of(entry, DW_AT_call_line);
    }
    return (uint32_t)debug->scope_count++;
}

/* A function that has some of the addresses, or what was inlined into one: its scope,
 * else 0. */
static uint32_t cover(struct unit *unit, Dwarf_Die *entry, uint32_t outer)
{
    struct span span;
    ptrdiff_t offset = 0;
    Dwarf_Addr base = 0;
    uint32_t scope = 0;
    while (unit->error == 0 && next_span(unit, entry, &offset, &base, &span)) {
        if (scope == 0)
            scope = add_scope(unit, entry, outer);
        for (struct tare__looked_up *at = span.first; at < span.end; at++)
            at->scope = scope;
    }
    return scope;
}

/* Everything is walked through, since a function may be an entry inside anything:
 * another function, a namespace, a type. */
static void walk(struct unit *unit, Dwarf_Die *parent, uint32_t outer, int depth)
{
    Dwarf_Die entry;
    if (depth == DEEPEST || dwarf_child(parent, &entry) != 0)
        return;
    do {
        int tag = dwarf_tag(&entry);
        uint32_t scope = outer;
        if (tag == DW_TAG_subprogram)
            scope = cover(unit, &entry, 0);
        else if (tag == DW_TAG_inlined_subroutine && outer != 0)
            scope = cover(unit, &entry, outer);
        if (dwarf_haschildren(&entry) == 1)
            walk(unit, &entry, scope, depth + 1);
    } while (unit->error == 0 && dwarf_siblingof(&entry, &entry) == 0);
}

/* ---- Lines ------------------------------------------------------------------ */

static Dwarf_Addr address_of(Dwarf_Lines *lines, size_t index)
{
    Dwarf_Addr address = 0;
    dwarf_lineaddr(dwarf_onesrcline(lines, index), &address);
    return address;
}

/* The last one that begins at this address or before. dwarf_getsrc_die() takes any of
 * several at the very address. */
static Dwarf_Line *line_at(Dwarf_Lines *lines, size_t count, Dwarf_Addr address)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address_of(lines, middle) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_end = true;
    Dwarf_Line *line = low == 0 ? NULL : dwarf_onesrcline(lines, low - 1);
    return line != NULL && dwarf_lineendsequence(line, &is_end) == 0 && !is_end ? line : NULL;
}

static void find_lines(struct unit *unit, struct span span)
{
    Dwarf_Lines *lines;
    size_t count;
    if (dwarf_getsrclines(unit->lines, &lines, &count) != 0)
        return;
    for (struct tare__looked_up *at = span.first; unit->error == 0 && at < span.end; at++) {
        Dwarf_Line *line = line_at(lines, count, at->address - unit->bias);
        int number = 0;
        if (line == NULL)
            continue;
        at->file = keep(unit, dwarf_linesrc(line, NULL, NULL));
        if (dwarf_lineno(line, &number) == 0 && number > 0)
            at->line = (uint32_t)number;
    }
}

/* ---- Units ------------------------------------------------------------------ */

static void look_into(struct unit *unit, Dwarf_Die *skeleton, Dwarf_Die *entries)
{
    struct span span;
    ptrdiff_t offset = 0;
    Dwarf_Addr base = 0;
    bool covers = false;
    unit->lines = skeleton;
    while (unit->error == 0 && next_span(unit, skeleton, &offset, &base, &span)) {
        find_lines(unit, span);
        covers = true;
    }
    if (!covers)
        return;
    if (dwarf_getsrcfiles(entries, &unit->files, &unit->file_count) != 0)
        unit->file_count = 0;
    unit->naming = (struct tare__naming){.unit = entries, .strings = unit->debug->strings};
    walk(unit, entries, 0, 0);
    tare__naming_end(&unit->naming);
}

static int look_up(struct tare__debug *debug, Dwarf *dwarf, Dwarf_Addr bias)
{
    struct unit unit = {.debug = debug, .bias = bias};
    Dwarf_CU *compile_unit = NULL;
    Dwarf_Die entry, split;
    uint8_t type;
    while (unit.error == 0 && dwarf_get_units(dwarf, compile_unit, &compile_unit, NULL, &type, &entry, &split) == 0)
        if (type == DW_UT_compile)
            look_into(&unit, &entry, &entry);
        else if (type == DW_UT_skeleton) /* -gsplit-dwarf; without the other file it has lines only */
            look_into(&unit, &entry, split.addr == NULL ? &entry : &split);
    return unit.error;
}

/* libdw would end the process. */
static _Thread_local jmp_buf *way_out;

static __attribute__((noreturn)) void leave(void)
{
    longjmp(*way_out, 1);
}

int tare__debug_look_up(struct tare__debug *debug, Dwfl_Module *module)
{
    Dwarf_Addr bias;
    Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
    if (dwarf == NULL)
        return 0;
    jmp_buf here;
    way_out = &here;
    Dwarf_OOM before = dwarf_new_oom_handler(dwarf, leave);
    int error = setjmp(here) == 0 ? look_up(debug, dwarf, bias) : ENOMEM;
    dwarf_new_oom_handler(dwarf, before);
    return error;
}
