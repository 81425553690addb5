/* SPDX-License-Identifier: MIT */
/* Text without stdio: what it writes is what snprintf would, at any size. */
#include "text.h"

#include "check.h"

static void check_number(int64_t number)
{
    char buffer[64], expected[64];
    struct tare__text text = tare__text_in(buffer, sizeof buffer);
    tare__text_add_signed(&text, number);
    snprintf(expected, sizeof expected, "%" PRId64, number);
    CHECK(strcmp(buffer, expected) == 0);
    CHECK_EQUAL(text.length, strlen(expected));

    text = tare__text_in(buffer, sizeof buffer);
    tare__text_add_unsigned(&text, (uint64_t)number);
    snprintf(expected, sizeof expected, "%" PRIu64, (uint64_t)number);
    CHECK(strcmp(buffer, expected) == 0);
    CHECK_EQUAL(text.length, strlen(expected));

    char digits[TARE__TEXT_DIGITS];
    CHECK(strcmp(tare__text_digits(digits, (uint64_t)number), expected) == 0);
}

static size_t build(char *buffer, size_t size)
{
    struct tare__text text = tare__text_in(buffer, size);
    tare__text_add(&text, "net ");
    tare__text_add_signed(&text, -12);
    tare__text_pad(&text, 0, 10);
    tare__text_add(&text, "bytes");
    tare__text_add(&text, "");
    return text.length;
}

/* Every size: the length is the whole one, what is written a beginning of it,
 * ended by NUL, and nothing behind it is touched. */
static void check_sizes(void)
{
    static const char whole[] = "net -12   bytes";
    enum { WHOLE = sizeof whole };
    char buffer[WHOLE + 8];
    CHECK_EQUAL(build(NULL, 0), WHOLE - 1);
    for (size_t size = 0; size <= WHOLE + 4; size++) {
        memset(buffer, '~', sizeof buffer);
        CHECK_EQUAL(build(buffer, size), WHOLE - 1);
        size_t written = size < WHOLE ? size : WHOLE;
        if (written > 0) {
            CHECK(memcmp(buffer, whole, written - 1) == 0);
            CHECK_EQUAL(buffer[written - 1], '\0');
        }
        for (size_t i = written; i < sizeof buffer; i++)
            CHECK_EQUAL(buffer[i], '~');
    }
}

static void check_padding(void)
{
    char buffer[64];
    struct tare__text text = tare__text_in(buffer, sizeof buffer);
    tare__text_add(&text, "a\n");
    size_t line = text.length;
    tare__text_add(&text, "abc");
    tare__text_pad(&text, line, 5);
    tare__text_add(&text, "d");
    tare__text_pad(&text, line, 3); /* past it: one blank all the same */
    tare__text_add(&text, "e");
    CHECK(strcmp(buffer, "a\nabc  d e") == 0);
}

int main(void)
{
    static const int64_t numbers[] = {0,   1,         -1,        9,         10,        -10,           99,
                                      100, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1, 1000000007};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        check_number(numbers[i]);
    check_sizes();
    check_padding();
    return 0;
}
