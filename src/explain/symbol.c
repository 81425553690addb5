/* SPDX-License-Identifier: MIT */
/*
 * Each module is opened once, for all frames in it, by address: equal ones share
 * their places. A return address may already be that of the next line, or the next
 * function, so what is looked up is the byte before it, the call's last.
 */
#include "symbol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "pieces.h"
#include "symbol_debug.h"
#include "symbol_module.h"
#include "symbol_name.h"
#include "symbol_table.h"

struct symbolizing {
    struct tare__origins *origins;
    const struct tare__symbolize_options *options;
    uint32_t *order; /* frames by module and address */
    size_t frame_count;
};

static uint64_t call_address(const struct tare__snapshot_frame *frame)
{
    return (frame->flags & TARE__FRAME_EXACT) != 0 ? frame->address : frame->address - 1;
}

/* ---- Places ----------------------------------------------------------------- */

struct finding {
    struct tare__origins *origins;
    const struct tare__debug *debug;
    const struct tare__symbol_table *symbols;
    int error;
};

static void add_place(struct finding *finding, struct tare__place place)
{
    struct tare__origins *origins = finding->origins;
    struct tare__place *places = tare__grow(origins->places, origins->place_count, sizeof *places);
    if (places == NULL) {
        finding->error = ENOMEM;
        return;
    }
    origins->places = places;
    places[origins->place_count++] = place;
}

/* What the symbol tables say, NULL for nothing. */
static const char *symbol_at(struct finding *finding, uint64_t address)
{
    const struct tare__function_symbol *symbol = tare__symbol_at(finding->symbols, address);
    if (symbol == NULL) { /* a signal's handler returns to the very start of what it never was called from */
        symbol = tare__symbol_at(finding->symbols, address + 1);
        symbol = symbol != NULL && symbol->start == address + 1 ? symbol : NULL;
    }
    if (symbol == NULL)
        return NULL;
    const char *function = tare__symbol_function(finding->origins->strings, symbol->name);
    finding->error = function == NULL ? ENOMEM : finding->error;
    return function;
}

/* The debug information may have a name without parameters; the symbol has them, if it
 * is of this function and not of another whose code is the same. */
static const char *function_of(struct finding *finding, const struct tare__scope_of_code *scope, uint64_t address)
{
    if (scope->outer != 0 || (scope->function != NULL && scope->plain == NULL))
        return scope->function;
    const char *symbol = symbol_at(finding, address);
    if (symbol == NULL || scope->plain == NULL)
        return symbol != NULL ? symbol : scope->function;
    return memmem(symbol, strlen(symbol), scope->plain, strcspn(scope->plain, "<")) != NULL ? symbol : scope->function;
}

/* The innermost first: each is at the place where the one before was inlined. */
static void add_places(struct finding *finding, const struct tare__looked_up *at)
{
    struct tare__place place = {.file = at->file, .line = at->line};
    if (at->scope == 0) {
        place.function = symbol_at(finding, at->address);
        add_place(finding, place);
    }
    for (uint32_t number = at->scope; number != 0;) {
        const struct tare__scope_of_code *scope = &finding->debug->scopes[number];
        place.function = function_of(finding, scope, at->address);
        place.inlined = scope->outer != 0;
        add_place(finding, place);
        place.file = scope->call_file;
        place.line = scope->call_line;
        number = scope->outer;
    }
}

/* ---- Modules ---------------------------------------------------------------- */

/* The addresses of these frames, each once. */
static struct tare__looked_up *addresses_of(const struct symbolizing *symbolizing, const uint32_t *frames, size_t count,
                                            size_t *address_count)
{
    struct tare__looked_up *addresses = calloc(count, sizeof *addresses);
    size_t kept = 0;
    for (size_t i = 0; addresses != NULL && i < count; i++) {
        uint64_t address = call_address(&symbolizing->origins->frames[frames[i]]);
        if (kept == 0 || addresses[kept - 1].address != address)
            addresses[kept++].address = address;
    }
    *address_count = kept;
    return addresses;
}

static int give_places(const struct symbolizing *symbolizing, const struct tare__debug *debug,
                       const struct tare__symbol_table *symbols, const uint32_t *frames, size_t count)
{
    struct tare__origins *origins = symbolizing->origins;
    struct finding finding = {.origins = origins, .debug = debug, .symbols = symbols};
    size_t looked_up = 0;
    for (size_t i = 0; finding.error == 0 && i < count; i++) {
        struct tare__snapshot_frame *frame = &origins->frames[frames[i]];
        const struct tare__snapshot_frame *before = i == 0 ? NULL : &origins->frames[frames[i - 1]];
        if (before != NULL && call_address(before) == call_address(frame)) {
            frame->first_place = before->first_place;
            frame->place_count = before->place_count;
            continue;
        }
        size_t first = origins->place_count;
        add_places(&finding, &debug->addresses[looked_up++]);
        frame->first_place = (uint32_t)first;
        frame->place_count = (uint32_t)(origins->place_count - first);
    }
    return finding.error;
}

/* Of no module where there is none. */
static int look_up(const struct symbolizing *symbolizing, Dwfl_Module *module, const uint32_t *frames, size_t count)
{
    struct tare__debug debug = {.strings = symbolizing->origins->strings, .scope_count = 1};
    struct tare__symbol_table symbols = {0};
    struct tare__looked_up *addresses = addresses_of(symbolizing, frames, count, &debug.address_count);
    debug.addresses = addresses;
    debug.scopes = calloc(1, sizeof *debug.scopes);
    int error = addresses == NULL || debug.scopes == NULL ? ENOMEM : 0;
    if (error == 0 && module != NULL)
        error = tare__debug_look_up(&debug, module);
    if (error == 0 && module != NULL)
        error = tare__symbol_table_read(&symbols, module);
    if (error == 0)
        error = give_places(symbolizing, &debug, &symbols, frames, count);
    tare__symbol_table_free(&symbols);
    free(addresses);
    free(debug.scopes);
    return error;
}

static int symbolize_module(const struct symbolizing *symbolizing, uint32_t number, const uint32_t *frames,
                            size_t count)
{
    struct tare__origins *origins = symbolizing->origins;
    struct tare__snapshot_module *recorded = &origins->modules[number];
    struct tare__symbol_module module;
    char problem[256];
    const char *debug_path = symbolizing->options == NULL ? NULL : symbolizing->options->debug_path;
    tare__symbol_module_open(&module, recorded, debug_path, problem, sizeof problem);
    recorded->problem = *problem == '\0' ? NULL : tare__strings_add(origins->strings, problem);
    int error = *problem != '\0' && recorded->problem == NULL ? ENOMEM : 0;
    if (error == 0)
        error = look_up(symbolizing, module.module, frames, count);
    tare__symbol_module_close(&module);
    return error;
}

/* ---- All frames ------------------------------------------------------------- */

static int by_address(const void *a, const void *b, void *context)
{
    const struct tare__snapshot_frame *frames = context;
    const struct tare__snapshot_frame *one = &frames[*(const uint32_t *)a], *other = &frames[*(const uint32_t *)b];
    if (one->module != other->module)
        return one->module < other->module ? -1 : 1;
    uint64_t address = call_address(one), other_address = call_address(other);
    return (address > other_address) - (address < other_address);
}

static size_t end_of_module(const struct symbolizing *symbolizing, size_t first)
{
    const struct tare__snapshot_frame *frames = symbolizing->origins->frames;
    size_t end = first + 1;
    while (end < symbolizing->frame_count &&
           frames[symbolizing->order[end]].module == frames[symbolizing->order[first]].module)
        end++;
    return end;
}

static void tell(const struct symbolizing *symbolizing, size_t done)
{
    const struct tare__symbolize_options *options = symbolizing->options;
    if (options != NULL && options->progress != NULL)
        options->progress(done, symbolizing->origins->module_count - 1, options->context);
}

static int symbolize_modules(const struct symbolizing *symbolizing)
{
    int error = 0;
    for (size_t first = 0, end; error == 0 && first < symbolizing->frame_count; first = end) {
        const uint32_t *frames = symbolizing->order + first;
        uint32_t module = symbolizing->origins->frames[*frames].module;
        end = end_of_module(symbolizing, first);
        tell(symbolizing, module == 0 ? 0 : module - 1);
        error = module == 0 ? look_up(symbolizing, NULL, frames, end - first)
                            : symbolize_module(symbolizing, module, frames, end - first);
    }
    if (error == 0)
        tell(symbolizing, symbolizing->origins->module_count - 1);
    return error;
}

static void forget_places(struct tare__origins *origins)
{
    free(origins->places);
    origins->places = NULL;
    origins->place_count = 0;
}

int tare__symbolize(struct tare__origins *origins, const struct tare__symbolize_options *options)
{
    if (origins->frame_count <= 1)
        return 0;
    struct symbolizing symbolizing = {
        .origins = origins,
        .options = options,
        .frame_count = origins->frame_count - 1,
        .order = calloc(origins->frame_count - 1, sizeof *symbolizing.order),
    };
    if (symbolizing.order == NULL)
        return ENOMEM;
    for (uint32_t i = 0; i < symbolizing.frame_count; i++)
        symbolizing.order[i] = i + 1;
    qsort_r(symbolizing.order, symbolizing.frame_count, sizeof *symbolizing.order, by_address, origins->frames);
    forget_places(origins);
    int error = symbolize_modules(&symbolizing);
    free(symbolizing.order);
    return error;
}
