/* SPDX-License-Identifier: MIT */
/* expat over a counting allocator. */
#include <stdlib.h>
#include <tare/allocator/expat.h>

#include "books.h"

static int elements, attributes, characters, depth, deepest;

static void starts(void *unused, const XML_Char *name, const XML_Char **pairs)
{
    (void)unused;
    elements += strcmp(name, "item") == 0;
    for (int i = 0; pairs[i] != NULL; i += 2)
        attributes += strcmp(pairs[i], "size") == 0 && atoi(pairs[i + 1]) == attributes;
    if (++depth > deepest)
        deepest = depth;
}

static void ends(void *unused, const XML_Char *name)
{
    (void)unused, (void)name;
    depth--;
}

static void text(void *unused, const XML_Char *part, int length)
{
    (void)unused, (void)part;
    characters += length;
}

static char *put(char *at, const char *part)
{
    return stpcpy(at, part);
}

enum { ITEMS = 500, DEPTH = 100 };
static char document[200000];

static void write_document(void)
{
    char *at = put(document, "<?xml version='1.0'?><!DOCTYPE list [<!ENTITY tare 'tare weighs'>]><list>");
    for (int i = 0; i < ITEMS; i++)
        at += sprintf(at, "<item size='%d' name='item number %d'>&tare; %d</item>", i, i, i % 10);
    at = put(at, "<many");
    for (int i = 0; i < 40; i++) /* more than a parser has room for at first */
        at += sprintf(at, " a%d='%d'", i, i);
    at = put(at, "/>");
    for (int i = 0; i < DEPTH; i++)
        at += sprintf(at, "<level%d>", i);
    for (int i = DEPTH - 1; i >= 0; i--)
        at += sprintf(at, "</level%d>", i);
    put(at, "</list>");
}

static enum XML_Status parse(void)
{
    elements = attributes = characters = depth = deepest = 0;
    XML_Parser parser = XML_ParserCreate_MM(NULL, tare_expat_suite(&books_allocator), NULL);
    if (parser == NULL)
        return XML_STATUS_ERROR;
    XML_SetElementHandler(parser, starts, ends);
    XML_SetCharacterDataHandler(parser, text);
    enum XML_Status status = XML_STATUS_OK;
    size_t length = strlen(document);
    for (size_t at = 0; at < length && status == XML_STATUS_OK; at += 1000) /* in parts, so that it must keep some */
        status = XML_Parse(parser, document + at, (int)(length - at < 1000 ? length - at : 1000), length - at <= 1000);
    XML_ParserFree(parser);
    return status;
}

int main(void)
{
    tare_stats stats;
    write_document();
    books_open();
    tare_measure(&stats) {
        CHECK_EQUAL(parse(), XML_STATUS_OK);
    }
    check_books(&stats);
    CHECK(elements == ITEMS && attributes == ITEMS && deepest == DEPTH + 1 && depth == 0);
    CHECK_EQUAL(characters, ITEMS * 13);
    CHECK(stats.allocations > 100 && stats.reallocations > 0);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    /* Each of its first calls fails in turn. */
    for (uint64_t n = 1; n <= 60; n++) {
        books_open();
        tare_measure(&stats) {
            books.fail_at = books.calls + n;
            CHECK_EQUAL(parse(), XML_STATUS_ERROR);
        }
        CHECK_EQUAL(stats.failed_allocations, 1);
        CHECK_EQUAL(stats.allocations, books.stats.allocations);
        CHECK_EQUAL(stats.bytes_deallocated, books.stats.bytes_deallocated);
        CHECK_EQUAL(stats.leaked_allocations, 0);
        CHECK_EQUAL(stats.inexact, 0);
    }
    return 0;
}
