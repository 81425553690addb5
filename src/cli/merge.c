/* SPDX-License-Identifier: MIT */
/* tare merge: several profiles added up. What one stack has in each becomes its sum. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "delivery.h"
#include "options.h"
#include "profile_input.h"

struct merge {
    char **paths;
    int count;
    const char *output_path;
    const struct tare__format *format;
    bool help;
};

static int take_format(void *context, const char *value)
{
    const struct tare__choice choice = {"merge", "format", value};
    return tare__choose_profile_format(&choice, &((struct merge *)context)->format);
}

static int take_output(void *context, const char *value)
{
    ((struct merge *)context)->output_path = value;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct merge *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {'f', "format", "FORMAT", "in this format (by the end of the output's name, else pprof)", take_format},
    {'o', "output", "FILE", "write to FILE instead of standard output", take_output},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"merge", "[OPTIONS] FILE...", options, sizeof options / sizeof *options,
                                                true};

static int help(void)
{
    tare__options_help(&table);
    tare__print_profile_formats();
    tare__print_readers();
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static void list_types(const char *path, const struct tare__profile *profile)
{
    fprintf(stderr, "  %s:", path);
    for (size_t i = 0; i < profile->type_count; i++)
        fprintf(stderr, "%s %s in %s", i == 0 ? "" : ",", profile->types[i].name, profile->types[i].unit);
    fputc('\n', stderr);
}

/* A sum that lacks what one of them does not have would be too small without a word. */
static bool same_types(const struct tare__profile *a, const struct tare__profile *b)
{
    for (size_t i = 0; i < a->type_count; i++) {
        size_t other = tare__profile_type_named(b, a->types[i].name);
        if (other == b->type_count || strcmp(a->types[i].unit, b->types[other].unit) != 0)
            return false;
    }
    return a->type_count == b->type_count;
}

static int add(const struct merge *merge, int index, struct tare__profile *sum)
{
    struct tare__profile_source source;
    const char *path = merge->paths[index];
    int status = tare__profile_open("merge", path, NULL, &source);
    if (status == 0 && !same_types(sum, &source.profile)) {
        status = tare__complain(TARE__EXIT_UNABLE, "merge: %s and %s don't count the same", merge->paths[0], path);
        list_types(merge->paths[0], sum);
        list_types(path, &source.profile);
    }
    int error = status == 0 ? tare__profile_merge(sum, &source.profile) : 0;
    if (error == 0 && status == 0 && !tare__profile_fits(sum))
        error = EOVERFLOW;
    if (error != 0)
        status = tare__complain(TARE__EXIT_UNABLE, "merge: can't add %s: %s", path,
                                error == EOVERFLOW ? "the sums do not fit 64 bits" : strerror(error));
    tare__profile_close(&source);
    return status;
}

static int write_profile(const void *context, FILE *out)
{
    const struct merge *merge = ((const void *const *)context)[0];
    const struct tare__profile *profile = ((const void *const *)context)[1];
    const struct tare__report_options usual = {.metric = NULL};
    return merge->format->write_profile(profile, &usual, out);
}

static int run(const struct merge *merge)
{
    struct tare__profile_source sum;
    struct tare__delivery delivery;
    int status = tare__delivery_open(&delivery, "merge", merge->output_path);
    if (status != 0)
        return status;
    status = tare__profile_open("merge", merge->paths[0], NULL, &sum);
    for (int i = 1; status == 0 && i < merge->count; i++)
        status = add(merge, i, &sum.profile);
    if (status == 0)
        status = tare__profile_check("merge", merge->format, &sum.profile);
    const void *const context[] = {merge, &sum.profile};
    status = tare__delivery_close(&delivery, status, write_profile, context);
    tare__profile_close(&sum);
    return status;
}

static int parse(struct merge *merge, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, merge, &rest);
    if (status != 0 || merge->help)
        return status;
    if (rest == count)
        return tare__complain(TARE__EXIT_USAGE, "merge: which files?\nusage: tare merge %s", table.usage);
    merge->paths = arguments + rest;
    merge->count = count - rest;
    if (merge->format == NULL && merge->output_path != NULL)
        merge->format = tare__format_of_path(merge->output_path);
    if (merge->format == NULL)
        merge->format = tare__format_named("pprof");
    return 0;
}

int tare__command_merge(int count, char **arguments)
{
    struct merge merge = {.help = false};
    int status = parse(&merge, count, arguments);
    if (status != 0)
        return status;
    return merge.help ? help() : run(&merge);
}
