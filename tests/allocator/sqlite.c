/* SPDX-License-Identifier: MIT */
/* SQLite over a counting allocator, and with its own methods wrapped. */
#include <stdlib.h>
#include <tare/allocator/sqlite.h>

#include "books.h"

enum { ROWS = 2000 };

static sqlite3_int64 number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    CHECK_EQUAL(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    CHECK_EQUAL(sqlite3_step(statement), SQLITE_ROW);
    sqlite3_int64 result = sqlite3_column_int64(statement, 0);
    CHECK_EQUAL(sqlite3_finalize(statement), SQLITE_OK);
    return result;
}

static void work(void)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    CHECK_EQUAL(sqlite3_open(":memory:", &db), SQLITE_OK);
    CHECK_EQUAL(sqlite3_exec(db, "create table t (id integer primary key, name text, size integer)", NULL, NULL, NULL),
                SQLITE_OK);
    CHECK_EQUAL(sqlite3_prepare_v2(db, "insert into t (name, size) values (?, ?)", -1, &insert, NULL), SQLITE_OK);
    for (int i = 0; i < ROWS; i++) {
        char name[600];
        memset(name, 'a' + i % 26, sizeof name);
        sqlite3_bind_text(insert, 1, name, i % (int)sizeof name, SQLITE_TRANSIENT);
        sqlite3_bind_int(insert, 2, i);
        CHECK_EQUAL(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    CHECK_EQUAL(number(db, "select sum(size) from t"), ROWS * (ROWS - 1) / 2);
    CHECK_EQUAL(number(db, "select count(*) from (select distinct substr(name, 1, 1) c from t order by c)"), 27);
    CHECK_EQUAL(number(db, "select length(group_concat(name, '')) from t"),
                number(db, "select sum(length(name)) from t"));
    CHECK_EQUAL(sqlite3_close(db), SQLITE_OK);
}

static void measure(tare_stats *stats)
{
    books_open();
    tare_measure(stats) {
        CHECK_EQUAL(sqlite3_initialize(), SQLITE_OK);
        work();
        CHECK_EQUAL(sqlite3_memory_used(), (sqlite3_int64)books.net); /* by xSize, from which SQLite works it out */
        CHECK_EQUAL(sqlite3_shutdown(), SQLITE_OK);
    }
    check_books(stats);
    CHECK(stats->allocations > 1000 && stats->reallocations > 5);
    CHECK_EQUAL(stats->leaked_allocations, 0);
}

/* ---- The methods of an application, over the same books ------------------- */

static void *own_malloc(int size)
{
    return books_alloc(&books, (size_t)size);
}

static void own_free(void *block)
{
    books_free(&books, block);
}

static void *own_realloc(void *block, int size)
{
    return books_realloc(&books, block, (size_t)size);
}

static int own_size(void *block)
{
    return block != NULL ? (int)((struct books_piece *)block - 1)->size : 0;
}

static int own_roundup(int size)
{
    return (size + 63) & ~63;
}

static int ups, downs;

static int own_init(void *data)
{
    CHECK(data == &ups);
    ups++;
    return SQLITE_OK;
}

static void own_shutdown(void *data)
{
    CHECK(data == &ups);
    downs++;
}

int main(void)
{
    tare_stats first, second, wrapped;
    CHECK_EQUAL(tare_sqlite_use(&books_allocator), SQLITE_OK);
    measure(&first);
    CHECK_EQUAL(tare_sqlite_wrap(), SQLITE_OK); /* is that already */
    measure(&second);
    CHECK(tare_stats_equal(&first, &second));
    CHECK_EQUAL(sqlite3_initialize(), SQLITE_OK);
    CHECK_EQUAL(tare_sqlite_use(&books_allocator), SQLITE_MISUSE);
    CHECK_EQUAL(tare_sqlite_wrap(), SQLITE_MISUSE);
    CHECK_EQUAL(sqlite3_shutdown(), SQLITE_OK);

    const sqlite3_mem_methods own = {own_malloc,  own_free, own_realloc,  own_size,
                                     own_roundup, own_init, own_shutdown, &ups};
    CHECK_EQUAL(sqlite3_config(SQLITE_CONFIG_MALLOC, &own), SQLITE_OK);
    CHECK_EQUAL(tare_sqlite_wrap(), SQLITE_OK);
    measure(&wrapped);
    CHECK(ups == 1 && downs == 1);
    CHECK(wrapped.bytes_allocated > first.bytes_allocated); /* rounded up further */
    CHECK_EQUAL(wrapped.bytes_allocated % 64, 0);
    CHECK_EQUAL(first.bytes_allocated % 8, 0);
    return 0;
}
