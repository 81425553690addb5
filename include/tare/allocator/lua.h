/* SPDX-License-Identifier: MIT */
#ifndef TARE_ALLOCATOR_LUA_H
#define TARE_ALLOCATOR_LUA_H

/*
 * Lua (5.1 and later, written for 5.4) and its lua_Alloc.
 *
 * luaL_newstate() makes states that call realloc and free: those count by
 * themselves, without this. It is for states whose memory is no malloc's.
 *
 *     tare_allocator counted = tare_wrap(&mine);
 *     lua_State *state = lua_newstate(tare_lua_alloc, &counted);     a state over an allocator of yours
 *
 *     tare_lua wrap;
 *     tare_lua_wrap(&wrap, state);                                   a state that has one already
 */

#include <tare/allocator.h>
#ifdef __cplusplus
extern "C" {
#endif
#include <lua.h>
#ifdef __cplusplus
}
#endif

/* A lua_Alloc over a tare_allocator, its first argument, all three functions of
 * which are set. That must live as long as the state. */
static inline void *tare_lua_alloc(void *allocator, void *block, size_t old_size, size_t size)
{
    const tare_allocator *by = (const tare_allocator *)allocator;
    (void)old_size;
    if (block == NULL)
        return size != 0 ? by->alloc(by->context, size) : NULL;
    if (size != 0)
        return by->realloc(by->context, block, size);
    by->free(by->context, block);
    return NULL;
}

/* A state whose own lua_Alloc is wrapped. */
typedef struct tare_lua {
    lua_Alloc alloc; /* what the state used before, and its argument */
    void *context;
    size_t old_size; /* what Lua says of the block that is just being asked for */
    tare_allocator inner;
    tare_allocator counted;
} tare_lua;

static inline void *tare_lua_inner_alloc_(void *wrap, size_t size)
{
    const tare_lua *lua = (const tare_lua *)wrap;
    return lua->alloc(lua->context, NULL, lua->old_size, size);
}

static inline void *tare_lua_inner_realloc_(void *wrap, void *block, size_t size)
{
    const tare_lua *lua = (const tare_lua *)wrap;
    return lua->alloc(lua->context, block, lua->old_size, size);
}

static inline void tare_lua_inner_free_(void *wrap, void *block)
{
    const tare_lua *lua = (const tare_lua *)wrap;
    lua->alloc(lua->context, block, lua->old_size, 0);
}

static inline void *tare_lua_alloc_wrapped_(void *wrap, void *block, size_t old_size, size_t size)
{
    tare_lua *lua = (tare_lua *)wrap;
    lua->old_size = old_size;
    if (block != NULL)
        tare_wrapped_adopt(&lua->counted, block, old_size); /* it may be from before */
    return tare_lua_alloc(&lua->counted, block, old_size, size);
}

/*
 * Counts from now on what a state allocates by the lua_Alloc it has. That goes on
 * being told the old sizes as Lua tells them. What the state has allocated until
 * now counts nowhere, and by its size when it ends. *wrap must stay where it is
 * for as long as the state lives; lua_setallocf(state, wrap->alloc,
 * wrap->context) ends it, and what lives then is a leak of where it was made.
 */
static inline void tare_lua_wrap(tare_lua *wrap, lua_State *state)
{
    wrap->alloc = lua_getallocf(state, &wrap->context);
    wrap->old_size = 0;
    wrap->inner.alloc = tare_lua_inner_alloc_;
    wrap->inner.realloc = tare_lua_inner_realloc_;
    wrap->inner.free = tare_lua_inner_free_;
    wrap->inner.context = wrap;
    wrap->counted = tare_wrap(&wrap->inner);
    lua_setallocf(state, tare_lua_alloc_wrapped_, wrap);
}

#endif
