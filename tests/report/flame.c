/* SPDX-License-Identifier: MIT */
/* Flame graphs of profiles that are hard to draw: names that are no text, none at all, no stacks, very many,
 * very deep, values below 0, differences. */
#include "flame.h"

#include <stdlib.h>

#include "check.h"
#include "flame_parts.h"

static const struct tare__profile_type types[] = {{"alloc_space", "bytes"}, {"alloc_objects", "count"}};
static const struct tare__profile_type sides[] = {{"before", "bytes"}, {"after", "bytes"}};

static struct tare__profile profile;
static char *svg;
static size_t svg_bytes;

static uint32_t frame(const char *function)
{
    const struct tare__profile_frame new = {.function = function, .module = TARE__NONE};
    return tare__profile_add_frame(&profile, &new);
}

static void sample(uint32_t stack, int64_t first, int64_t second)
{
    CHECK_EQUAL(tare__profile_add_sample(&profile, stack, 0, (const int64_t[]){first, second}), 0);
}

static uint32_t call(uint32_t stack, const char *function)
{
    return tare__profile_add_stack(&profile, stack, frame(function));
}

static void draw(struct tare__flame_request request)
{
    request.profile = &profile;
    FILE *out = open_memstream(&svg, &svg_bytes);
    CHECK(out != NULL);
    CHECK_EQUAL(tare__flame_write(&request, out), 0);
    CHECK_EQUAL(fclose(out), 0);
    CHECK_EQUAL(strlen(svg), svg_bytes);
}

static void begin(const struct tare__profile_type *of)
{
    CHECK_EQUAL(tare__profile_init(&profile, of, 2), 0);
}

static void end(void)
{
    free(svg);
    tare__profile_free(&profile);
}

static size_t occurrences(const char *part)
{
    size_t count = 0;
    for (const char *at = svg; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

static void test_names(void)
{
    begin(types);
    sample(call(0, "operator<<&\"quoted\" 'it'"), 1000, 1);
    sample(call(0, "two\nlines\tand\x1b[31m"), 1000, 2);
    sample(call(0, "no UTF-8: \xff\xc3"), 1000, 3);
    sample(call(0, "noncharacter \xef\xbf\xbf, reversed \xe2\x80\xae"), 1000, 4);
    sample(call(0, ""), 1000, 5);
    sample(call(0, "]]></title>"), 1000, 6);
    draw((struct tare__flame_request){.type = 0});
    CHECK_CONTAINS(
        svg, "<title>operator&lt;&lt;&amp;&quot;quoted&quot; &#39;it&#39;\n1,000 bytes in 1 allocation, 16.67 %<");
    CHECK_CONTAINS(svg, "<title>two\xe2\x90\x8alines\xe2\x90\x89"
                        "and\xe2\x90\x9b[31m\n");
    CHECK_CONTAINS(svg, "<title>no UTF-8: \xef\xbf\xbd\xef\xbf\xbd\n");
    CHECK_CONTAINS(svg, "<title>noncharacter \xef\xbf\xbd, reversed \xef\xbf\xbd\n");
    CHECK_CONTAINS(svg, "<title>[unknown]\n1,000 bytes in 5 allocations");
    CHECK_CONTAINS(svg, "<title>]]&gt;&lt;/title&gt;\n");
    CHECK_EQUAL(occurrences("<g role=\"treeitem\""), 7);
    CHECK_CONTAINS(svg, "6,000 bytes in 21 allocations</text>");
    end();
}

static void test_nothing(void)
{
    begin(types);
    draw((struct tare__flame_request){.type = 0});
    CHECK_CONTAINS(svg, "Nothing to draw: the profile is empty</text>");
    CHECK_EQUAL(occurrences("treeitem"), 0);
    CHECK_EQUAL(occurrences("<script>"), 0);
    free(svg);
    sample(call(0, "main"), 0, 0);
    draw((struct tare__flame_request){.type = 0});
    CHECK_CONTAINS(svg, "Nothing to draw: no bytes allocated in it</text>");
    end();
}

/* Half a million of the same share: as many as can be seen, and the others are said. */
static void test_many(void)
{
    enum { STACKS = 500000 };
    begin(types);
    char name[32];
    for (int i = 0; i < STACKS; i++) {
        snprintf(name, sizeof name, "f%d", i % 1000);
        uint32_t stack = call(0, name);
        snprintf(name, sizeof name, "g%d", i);
        sample(call(stack, name), 1, 1);
    }
    draw((struct tare__flame_request){.type = 0});
    CHECK_EQUAL(occurrences("<g role=\"treeitem\""), 1001);
    CHECK_CONTAINS(svg, "500,000 functions of less than 0.0085 % each are not drawn; they are in the figures");
    CHECK_EQUAL(occurrences("\nin calls that are not drawn: 500 bytes"), 1000);
    CHECK(svg_bytes < 1000000);
    end();
}

static void test_deep(void)
{
    enum { DEPTH = 10000 };
    begin(types);
    uint32_t stack = 0;
    for (int i = 0; i < DEPTH; i++)
        stack = call(stack, "again");
    sample(stack, 5, 1);
    draw((struct tare__flame_request){.type = 0, .upward = true});
    CHECK_EQUAL(occurrences("<g role=\"treeitem\""), 2001);
    CHECK_CONTAINS(
        svg, "8,000 functions below the first 2,000 levels are not drawn; they are in the figures of the callers");
    CHECK_EQUAL(occurrences("\nin calls that are not drawn: 5 bytes"), 1);
    CHECK_CONTAINS(svg, " data-upward=\"\"");
    end();
}

/* A stack's width has no sign, its figures do. */
static void test_below_zero(void)
{
    begin(types);
    sample(call(0, "main"), 30, 3);
    sample(call(0, "[no call stack]"), -10, -1);
    draw((struct tare__flame_request){.type = 0});
    CHECK_CONTAINS(svg, ">20 bytes in 2 allocations</text>");
    CHECK_CONTAINS(svg, "<title>[no call stack]\n-10 bytes in -1 allocation, -50.00 %</title><rect x=\"894.00\"");
    CHECK(strstr(svg, "data-unit") == NULL);
    end();
}

static void test_difference(void)
{
    begin(sides);
    uint32_t main_ = call(0, "main");
    sample(call(main_, "steady"), 100, 100);
    sample(call(main_, "grew"), 100, 150);
    sample(call(main_, "shrank"), 100, 60);
    sample(call(main_, "new"), 0, 7);
    sample(call(main_, "gone"), 1, 0);
    draw((struct tare__flame_request){.difference = true,
                                      .after = 1,
                                      .meaning = "bytes allocated",
                                      .unit = "byte",
                                      .sources = {"<old>.tare", "new.tare"}});
    CHECK_CONTAINS(svg, ">Bytes allocated: what changed</text>");
    CHECK_CONTAINS(svg, ">before 301 bytes (&lt;old&gt;.tare), after 317 bytes (new.tare): +16 bytes, +5.32 %</text>");
    CHECK_CONTAINS(svg, "<title>main\nbefore 301 bytes, after 317 bytes\n+16 bytes, +5.32 %</title>");
    CHECK_CONTAINS(svg, "<title>steady\nbefore 100 bytes, after 100 bytes\nno change</title>");
    CHECK_CONTAINS(svg, "<title>grew\nbefore 100 bytes, after 150 bytes\n+50 bytes, +50.00 %</title>");
    CHECK_CONTAINS(svg, "<title>shrank\nbefore 100 bytes, after 60 bytes\n-40 bytes, -40.00 %</title>");
    CHECK_CONTAINS(svg, "<title>new\nbefore 0 bytes, after 7 bytes\n+7 bytes: appeared</title>");
    CHECK_CONTAINS(svg, "<title>gone\nbefore 1 byte, after 0 bytes\n-1 byte: vanished</title>");
    end();
}

static void check_label(const char *name, const char *bare, size_t columns, const char *expected)
{
    struct tare__flame_label label = tare__flame_fit(name, bare, columns);
    char text[256] = "";
    if (label.columns > 0)
        snprintf(text, sizeof text, "%s%.*s%s", label.cut_before ? "<" : "", (int)label.bytes, label.text,
                 label.cut_behind ? ">" : "");
    CHECK(label.columns <= columns);
    if (strcmp(text, expected) != 0)
        dprintf(2, "%zu columns: \"%s\", expected \"%s\"\n", columns, text, expected);
    CHECK(strcmp(text, expected) == 0);
}

static void test_labels(void)
{
    static const char name[] = "void a::b::list<int>::push_back(int const&)", bare[] = "a::b::list::push_back";
    check_label(name, bare, sizeof name - 1, name);
    check_label(name, bare, sizeof name - 2, bare);
    check_label(name, bare, sizeof bare - 1, bare);
    check_label(name, bare, sizeof bare - 2, "<b::list::push_back");
    check_label(name, bare, 18, "<list::push_back");
    check_label(name, bare, 10, "<push_back");
    check_label(name, bare, 9, "push_bac>");
    check_label(name, bare, 3, "pu>");
    check_label(name, bare, 2, "");
    check_label("\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97", 4, "\xe6\xbc\xa2\xe5\xad\x97");
    check_label("\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97", 3, "\xe6\xbc\xa2>");
    check_label("\xff\xff\xff", "\xff\xff\xff", 3, "\xff>");
}

int main(void)
{
    test_names();
    test_nothing();
    test_many();
    test_deep();
    test_below_zero();
    test_difference();
    test_labels();
    return 0;
}
