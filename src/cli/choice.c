/* SPDX-License-Identifier: MIT */
/* A name that is none is answered by the nearest, and by all there are. */
#include "choice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "suggest.h"

static int no_such(const struct tare__choice *choice, const char *what, tare__candidate *candidate, const void *context)
{
    const char *nearest = tare__suggest(choice->value, candidate, context), *name;
    tare__complain(0, "%s: --%s: there is no %s '%s'", choice->command, choice->option, what, choice->value);
    if (nearest != NULL)
        fprintf(stderr, "Did you mean '%s'?\n", nearest);
    fputs("There are", stderr);
    for (size_t i = 0; (name = candidate(i, context)) != NULL; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", name);
    fputs(".\n", stderr);
    return TARE__EXIT_USAGE;
}

static const char *metric_name(size_t index, const void *unused)
{
    (void)unused;
    return index < tare__metric_count ? tare__metrics[index].name : NULL;
}

int tare__choose_metric(const struct tare__choice *choice, const struct tare__metric **metric)
{
    *metric = tare__metric_named(choice->value);
    return *metric != NULL ? 0 : no_such(choice, "metric", metric_name, NULL);
}

/* Some of the formats. */
struct formats {
    const char *what;
    bool (*has)(const struct tare__format *format);
};

static bool any_format(const struct tare__format *format)
{
    return format->name != NULL;
}

static bool profile_format(const struct tare__format *format)
{
    return format->write_profile != NULL;
}

static bool diff_format(const struct tare__format *format)
{
    return format->write_diff != NULL;
}

static const char *format_name(size_t index, const void *formats)
{
    for (size_t i = 0; i < tare__format_count; i++)
        if (((const struct formats *)formats)->has(&tare__formats[i]) && index-- == 0)
            return tare__formats[i].name;
    return NULL;
}

static int choose_of(const struct formats *formats, const struct tare__choice *choice,
                     const struct tare__format **format)
{
    *format = tare__format_named(choice->value);
    return *format != NULL && formats->has(*format) ? 0 : no_such(choice, formats->what, format_name, formats);
}

int tare__choose_format(const struct tare__choice *choice, const struct tare__format **format)
{
    return choose_of(&(struct formats){"format", any_format}, choice, format);
}

int tare__choose_profile_format(const struct tare__choice *choice, const struct tare__format **format)
{
    return choose_of(&(struct formats){"format for profiles", profile_format}, choice, format);
}

int tare__choose_diff_format(const struct tare__choice *choice, const struct tare__format **format)
{
    return choose_of(&(struct formats){"format for differences", diff_format}, choice, format);
}

static const char *reader_name(size_t index, const void *unused)
{
    (void)unused;
    return index < tare__profile_reader_count ? tare__profile_readers[index].name : NULL;
}

int tare__choose_reader(const struct tare__choice *choice, const struct tare__profile_reader **reader)
{
    *reader = tare__profile_reader_named(choice->value);
    return *reader != NULL ? 0 : no_such(choice, "format that is read", reader_name, NULL);
}

static bool is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int tare__choose_count(const struct tare__choice *choice, size_t *count)
{
    *count = 0;
    if (strcmp(choice->value, "all") == 0)
        return 0;
    errno = 0;
    if (is_digits(choice->value))
        *count = strtoul(choice->value, NULL, 10);
    if (*count != 0 && errno == 0)
        return 0;
    return tare__complain(TARE__EXIT_USAGE, "%s: --%s: a number from 1 on or 'all' is expected, not '%s'",
                          choice->command, choice->option, choice->value);
}

int tare__choose_percent(const struct tare__choice *choice, double *percent)
{
    size_t whole = strspn(choice->value, "0123456789");
    const char *rest = choice->value + whole;
    *percent = strtod(choice->value, NULL);
    if (whole > 0 && (*rest == '\0' || (*rest == '.' && is_digits(rest + 1))) && *percent <= 100)
        return 0;
    return tare__complain(TARE__EXIT_USAGE, "%s: --%s: a percentage up to 100 is expected, not '%s'", choice->command,
                          choice->option, choice->value);
}

static int read_suppressions(const char *command, const char *path, struct tare__suppressions *suppressions)
{
    struct tare__suppression_error error;
    int failed = tare__suppressions_read(suppressions, path, &error);
    if (failed == 0)
        return 0;
    if (failed == EINVAL && error.line != 0)
        return tare__complain(TARE__EXIT_USAGE, "%s: %s:%zu: this is no suppression; expected: %s", command, path,
                              error.line, error.expected);
    return tare__complain(TARE__EXIT_UNABLE, "%s: can't read the suppressions in %s: %s", command, path,
                          strerror(failed));
}

int tare__choose_suppressions(const struct tare__choice *choice, struct tare__suppressions *suppressions)
{
    return read_suppressions(choice->command, choice->value, suppressions);
}

int tare__default_suppressions(const char *command, struct tare__suppressions *suppressions)
{
    const char *path = getenv("TARE_SUPPRESSIONS");
    return path != NULL && *path != '\0' ? read_suppressions(command, path, suppressions) : 0;
}

void tare__print_metrics(void)
{
    printf("\nMetrics, for --sort and --metric:\n");
    for (size_t i = 0; i < tare__metric_count; i++)
        printf("  %-13s  %s\n", tare__metrics[i].name, tare__metrics[i].meaning);
}

void tare__print_profile_formats(void)
{
    printf("\nFormats:\n");
    for (size_t i = 0; i < tare__format_count; i++)
        if (tare__formats[i].write_profile != NULL)
            printf("  %-13s  %s\n", tare__formats[i].name, tare__formats[i].meaning);
}
