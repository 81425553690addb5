/* SPDX-License-Identifier: MIT */
/*
 * By the linkage name, which tells everything. gcc gives none to what no other file
 * can see: then the name is put together of those of all that encloses it. And C's
 * linkage names are how libc calls a function inside, not what its caller wrote.
 */
#include "symbol_scope.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "symbol_name.h"

enum { DEEPEST = 512, NAME_BYTES = 4096 };

/* A namespace, type or function, and by index the one it is in. */
struct tare__enclosing {
    Dwarf_Off offset;
    size_t outer; /* SIZE_MAX: the unit */
};

static const char *string_of(Dwarf_Die *entry, unsigned name)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(entry, name, &attribute));
}

static bool is_c(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case 0x002c: /* C17, which this list of libdw's is too old for */
    case DW_LANG_Mips_Assembler:
        return true;
    default:
        return false;
    }
}

/* ---- What encloses what ----------------------------------------------------- */

static bool encloses(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
           tag == DW_TAG_union_type || tag == DW_TAG_subprogram;
}

static bool add_enclosing(struct tare__naming *naming, Dwarf_Die *entry, size_t outer)
{
    struct tare__enclosing *all = tare__grow(naming->enclosing, naming->enclosing_count, sizeof *all);
    if (all == NULL)
        return false;
    naming->enclosing = all;
    all[naming->enclosing_count++] = (struct tare__enclosing){dwarf_dieoffset(entry), outer};
    return true;
}

/* Offsets ascend on the way. */
static bool find_enclosing(struct tare__naming *naming, Dwarf_Die *parent, size_t outer, int depth)
{
    Dwarf_Die entry;
    bool fine = true;
    if (depth == DEEPEST || dwarf_child(parent, &entry) != 0)
        return true;
    do {
        size_t inside = outer;
        if (encloses(dwarf_tag(&entry))) {
            fine = add_enclosing(naming, &entry, outer);
            inside = naming->enclosing_count - 1;
        }
        if (fine && dwarf_haschildren(&entry) == 1)
            fine = find_enclosing(naming, &entry, inside, depth + 1);
    } while (fine && dwarf_siblingof(&entry, &entry) == 0);
    return fine;
}

/* SIZE_MAX for none. */
static size_t outer_of(const struct tare__naming *naming, Dwarf_Off offset)
{
    size_t low = 0, high = naming->enclosing_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (naming->enclosing[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < naming->enclosing_count && naming->enclosing[low].offset == offset;
    return found ? naming->enclosing[low].outer : SIZE_MAX;
}

/* ---- Names ------------------------------------------------------------------ */

/* Where it was declared: there it is inside of what it belongs to. */
static void find_declaration(Dwarf_Die *entry)
{
    Dwarf_Attribute attribute;
    for (int i = 0; i < DEEPEST; i++) {
        Dwarf_Attribute *origin = dwarf_attr(entry, DW_AT_abstract_origin, &attribute);
        if (origin == NULL)
            origin = dwarf_attr(entry, DW_AT_specification, &attribute);
        if (origin == NULL || dwarf_formref_die(origin, entry) == NULL)
            return;
    }
}

/* inner: the name of what it encloses. */
static const char *part_name(Dwarf_Die *entry, const char *inner)
{
    const char *name = string_of(entry, DW_AT_name);
    if (name != NULL)
        return name;
    if (dwarf_tag(entry) == DW_TAG_namespace)
        return "(anonymous namespace)";
    return strncmp(inner, "operator()", strlen("operator()")) == 0 ? "{lambda}" : "{unnamed}";
}

/* From the end of the buffer to its start; false where there is no more room. */
static bool put_before(char **at, const char *start, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(*at - start) < length)
        return false;
    *at -= length;
    memcpy(*at, text, length);
    return true;
}

static bool put_outer(char **at, const char *start, const char *outer)
{
    return put_before(at, start, "::") && put_before(at, start, outer);
}

static const char *enclosed_name(struct tare__naming *naming, Dwarf_Die *function, const char *name)
{
    Dwarf_Die declaration = *function, outer;
    char buffer[NAME_BYTES], *at = buffer + sizeof buffer - 1;
    find_declaration(&declaration);
    if (declaration.cu != naming->unit->cu) /* that unit would have to be walked through as well */
        return tare__strings_add(naming->strings, name);
    if (naming->enclosing == NULL && !find_enclosing(naming, naming->unit, SIZE_MAX, 0))
        return NULL;
    if (naming->enclosing == NULL)
        return tare__strings_add(naming->strings, name);
    *at = '\0';
    bool fits = put_before(&at, buffer, name);
    for (size_t index = outer_of(naming, dwarf_dieoffset(&declaration)); fits && index != SIZE_MAX;
         index = naming->enclosing[index].outer)
        fits = dwarf_offdie(dwarf_cu_getdwarf(naming->unit->cu), naming->enclosing[index].offset, &outer) != NULL &&
               put_outer(&at, buffer, part_name(&outer, at));
    return tare__strings_add(naming->strings, fits ? at : name);
}

static const char *name_of(struct tare__naming *naming, Dwarf_Die *function, const char **plain)
{
    const char *name = string_of(function, DW_AT_name);
    *plain = NULL;
    if (name != NULL && is_c(naming->unit))
        return tare__strings_add(naming->strings, name);
    const char *linkage = string_of(function, DW_AT_linkage_name);
    if (linkage == NULL)
        linkage = string_of(function, DW_AT_MIPS_linkage_name);
    if (linkage != NULL)
        return tare__demangle(naming->strings, linkage);
    *plain = name == NULL ? NULL : tare__strings_add(naming->strings, name);
    return *plain == NULL ? NULL : enclosed_name(naming, function, *plain);
}

const char *tare__function_name(struct tare__naming *naming, Dwarf_Die *function, const char **plain)
{
    errno = 0;
    return name_of(naming, function, plain);
}

void tare__naming_end(struct tare__naming *naming)
{
    free(naming->enclosing);
    naming->enclosing = NULL;
    naming->enclosing_count = 0;
}
