/* SPDX-License-Identifier: MIT */
/* Lua over a counting allocator, and over a lua_Alloc of its own that is wrapped
 * from birth and in mid-life. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <tare/allocator/lua.h>

#include "books.h"

static const char script[] =
    "local words = {}\n"
    "for i = 1, 3000 do words[i] = ('word %d'):format(i % 700) .. ('x'):rep(i % 90) end\n"
    "local total = 0\n"
    "for _, word in ipairs(words) do total = total + #word end\n"
    "local co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield({i, i * 2}) end end)\n"
    "for i = 1, 100 do total = total + co()[2] end\n"
    "words = nil collectgarbage()\n"
    "return total";

/* What the script returns, worked out here. */
static lua_Integer expected_total(void)
{
    lua_Integer total = 0;
    for (int i = 1; i <= 3000; i++) {
        int number = i % 700;
        total += 5 + (number > 99 ? 3 : number > 9 ? 2 : 1) + i % 90;
    }
    return total + 100 * 101;
}

static void run(lua_State *state)
{
    CHECK(state != NULL);
    CHECK_EQUAL(luaL_dostring(state, script), LUA_OK);
    CHECK_EQUAL(lua_tointeger(state, -1), expected_total());
    lua_pop(state, 1);
}

static void over_an_allocator(void)
{
    tare_stats stats;
    tare_allocator counted = tare_wrap(&books_allocator);
    books_open();
    tare_measure(&stats) {
        lua_State *state = lua_newstate(tare_lua_alloc, &counted);
        luaL_openlibs(state);
        run(state);
        lua_close(state);
    }
    check_books(&stats);
    CHECK(stats.allocations > 3000 && stats.reallocations > 10);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

/* A lua_Alloc as an application has it, which counts on the old size being right. */
static void *own_alloc(void *context, void *block, size_t old_size, size_t size)
{
    if (block != NULL)
        CHECK_EQUAL(((struct books_piece *)block - 1)->size, old_size);
    else
        CHECK(old_size < 64); /* what kind of object it is for */
    if (size == 0) {
        if (block != NULL)
            books_free(context, block);
        return NULL;
    }
    return block == NULL ? books_alloc(context, size) : books_realloc(context, block, size);
}

static void wrapped_in_mid_life(void)
{
    tare_stats stats;
    tare_lua wrap;
    lua_State *state = lua_newstate(own_alloc, &books);
    luaL_openlibs(state);
    run(state);
    tare_lua_wrap(&wrap, state);
    books_open();
    tare_measure(&stats) {
        run(state);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, books.stats.allocations);
    CHECK_EQUAL(stats.deallocations, books.stats.deallocations);
    CHECK_EQUAL(stats.reallocations, books.stats.reallocations);
    CHECK_EQUAL(stats.bytes_allocated, books.stats.bytes_allocated);
    CHECK_EQUAL(stats.bytes_deallocated, books.stats.bytes_deallocated);
    CHECK_EQUAL(stats.bytes_reallocated, books.stats.bytes_reallocated);
    CHECK_EQUAL(stats.peak_bytes, books.stats.peak_bytes);
    CHECK((int64_t)stats.leaked_allocations >= (int64_t)books.stats.leaked_allocations); /* less those of before */
    CHECK(stats.allocations > 3000);
    books_open();
    tare_measure(&stats) {
        lua_close(state);
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, books.stats.deallocations);
    CHECK_EQUAL(stats.bytes_deallocated, books.stats.bytes_deallocated);
    CHECK(stats.deallocations > 100);
}

/* Out of memory in a script: Lua's error, a failed allocation, and nothing left. */
static void out_of_memory(void)
{
    tare_stats stats;
    tare_allocator counted = tare_wrap(&books_allocator);
    books_open();
    tare_measure(&stats) {
        lua_State *state = lua_newstate(tare_lua_alloc, &counted);
        luaL_openlibs(state);
        CHECK_EQUAL(luaL_loadstring(state, "return ('x'):rep(100000)"), LUA_OK);
        books.fail_at = books.calls + 5;
        int result = lua_pcall(state, 0, 1, 0);
        CHECK(result == LUA_OK || result == LUA_ERRMEM); /* Lua collects garbage and tries once more */
        lua_close(state);
    }
    check_books(&stats);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

/* What the header says: a plain state's calls count by themselves. */
static void by_itself(void)
{
    tare_stats plain, wrapped;
    tare_allocator counted = tare_wrap(&books_allocator);
    tare_measure(&wrapped) {
        lua_State *state = lua_newstate(tare_lua_alloc, &counted);
        luaL_openlibs(state);
        lua_close(state);
    }
    tare_measure(&plain) {
        lua_State *state = luaL_newstate();
        luaL_openlibs(state);
        lua_close(state);
    }
    CHECK_EQUAL(plain.inexact, 0);
    CHECK(plain.allocations > 100);
    CHECK_EQUAL(plain.leaked_allocations, 0);
    /* luaL_newstate() seeds by addresses, which may move a few of the tables. */
    CHECK(plain.allocations > wrapped.allocations / 2 && plain.allocations < wrapped.allocations * 2);
}

int main(void)
{
    over_an_allocator();
    wrapped_in_mid_life();
    out_of_memory();
    by_itself();
    return 0;
}
