/* SPDX-License-Identifier: MIT */
/* cJSON over a counting allocator. */
#include <stdlib.h>
#include <tare/allocator/cjson.h>

#include "books.h"

static const char input[] = "{\"name\":\"tare\",\"sizes\":[1,2,3,4,5,6,7,8,9,10],\"nested\":{\"deep\":{\"deeper\":"
                            "{\"text\":\"zero the scale, put the code on it, read what it weighs\"}}},\"none\":null}";

static void work(void)
{
    cJSON *tree = cJSON_Parse(input);
    CHECK(tree != NULL);
    cJSON *sizes = cJSON_GetObjectItem(tree, "sizes"), *size;
    double sum = 0;
    cJSON_ArrayForEach(size, sizes) sum += size->valuedouble;
    CHECK(sum == 55);
    for (int i = 0; i < 300; i++)
        cJSON_AddItemToArray(sizes, cJSON_CreateNumber(i));
    cJSON_AddStringToObject(tree, "more", "text");
    cJSON_DeleteItemFromObject(tree, "nested");
    char *text = cJSON_PrintUnformatted(tree);
    CHECK_CONTAINS(text, "{\"name\":\"tare\",\"sizes\":[1,2,3,");
    CHECK_CONTAINS(text, ",298,299],\"none\":null,\"more\":\"text\"}");
    cJSON *again = cJSON_Parse(text);
    CHECK(cJSON_Compare(tree, again, 1));
    cJSON_free(text);
    cJSON_Delete(again);
    cJSON_Delete(tree);
}

int main(void)
{
    tare_stats stats, plain;
    tare_cjson_use(&books_allocator);
    books_open();
    tare_measure(&stats) {
        work();
    }
    check_books(&stats);
    CHECK(stats.allocations > 600);
    CHECK_EQUAL(stats.reallocations, 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    cJSON *kept = NULL;
    books_open();
    tare_measure(&stats) {
        kept = cJSON_Parse("[\"a string that stays\"]");
    }
    check_books(&stats);
    CHECK_EQUAL(stats.leaked_allocations, 3);
    cJSON_Delete(kept);

    books_open();
    tare_measure(&stats) {
        books.fail_at = books.calls + 4;
        CHECK(cJSON_Parse(input) == NULL);
    }
    check_books(&stats);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    /* By itself it calls malloc, and counts as well. */
    tare_cjson_stop();
    books_open();
    tare_measure(&plain) {
        work();
    }
    CHECK_EQUAL(books.stats.allocations, 0);
    CHECK(plain.inexact == 0 && plain.allocations > 600 && plain.leaked_allocations == 0);
    return 0;
}
