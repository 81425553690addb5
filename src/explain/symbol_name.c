/* SPDX-License-Identifier: MIT */
/*
 * By libiberty, the only library that has both: what __cxa_demangle() of libstdc++
 * stands on, and Rust's old and new mangling. Its two files that come into the
 * command carry the permission to be linked with anything.
 */
#include "symbol_name.h"

#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

static char *demangled(const char *name)
{
    if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "_R", 2) != 0)
        return NULL;
    char *text = rust_demangle(name, DMGL_NO_OPTS); /* first: the old mangling is C++'s, with a hash */
    return text != NULL ? text : cplus_demangle_v3(name, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP);
}

const char *tare__demangle(struct tare__strings *strings, const char *name)
{
    const char *kept = tare__strings_add(strings, name);
    if (kept == NULL)
        return NULL;
    const char **meaning = tare__strings_meaning(kept);
    if (*meaning == NULL) {
        char *text = demangled(kept);
        *meaning = text == NULL ? kept : tare__strings_add(strings, text);
        free(text);
    }
    return *meaning;
}

/* ".cold", ".part.0", ".llvm.123" is what compilers put behind the name, "@VERSION"
 * what linkers do. */
static size_t length_without_variant(const char *symbol)
{
    const char *version = strchr(symbol, '@');
    if (version != NULL && version != symbol)
        return (size_t)(version - symbol);
    static const char *const variants[] = {"cold", "part", "constprop", "isra", "lto_priv", "llvm"};
    for (const char *dot = strchr(symbol, '.'); dot != NULL && dot != symbol; dot = strchr(dot + 1, '.'))
        for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
            size_t length = strlen(variants[i]);
            if (strncmp(dot + 1, variants[i], length) == 0 && (dot[1 + length] == '.' || dot[1 + length] == '\0'))
                return (size_t)(dot - symbol);
        }
    return strlen(symbol);
}

const char *tare__symbol_function(struct tare__strings *strings, const char *symbol)
{
    char *name = strndup(symbol, length_without_variant(symbol));
    const char *function = name == NULL ? NULL : tare__demangle(strings, name);
    free(name);
    return function;
}
