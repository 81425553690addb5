/* SPDX-License-Identifier: MIT */
/* tare convert: a profile, of tare or of another tool, in another format. */
#include <stdio.h>
#include <string.h>

#include "choice.h"
#include "command.h"
#include "delivery.h"
#include "options.h"
#include "profile_input.h"

struct convert {
    const char *path; /* "-" for stdin */
    const char *output_path;
    const struct tare__profile_reader *from; /* NULL to look at the content */
    const struct tare__format *format;       /* NULL to look at output_path */
    const char *type;                        /* NULL for the profile's own */
    bool upward;                             /* of a flame graph */
    bool help;
};

#define CHOICE(option)                                                                                                 \
    &(struct tare__choice)                                                                                             \
    {                                                                                                                  \
        "convert", option, value                                                                                       \
    }

static int take_from(void *context, const char *value)
{
    return tare__choose_reader(CHOICE("from"), &((struct convert *)context)->from);
}

static int take_format(void *context, const char *value)
{
    return tare__choose_profile_format(CHOICE("format"), &((struct convert *)context)->format);
}

static int take_type(void *context, const char *value)
{
    ((struct convert *)context)->type = value;
    return 0;
}

static int take_metric(void *context, const char *value)
{
    const struct tare__metric *metric;
    int status = tare__choose_metric(CHOICE("metric"), &metric);
    if (status == 0)
        ((struct convert *)context)->type = metric->profile_type;
    return status;
}

static int take_flame(void *context, const char *value)
{
    (void)value;
    ((struct convert *)context)->upward = true;
    return 0;
}

static int take_output(void *context, const char *value)
{
    ((struct convert *)context)->output_path = value;
    return 0;
}

static int take_help(void *context, const char *value)
{
    (void)value;
    ((struct convert *)context)->help = true;
    return 0;
}

static const struct tare__option options[] = {
    {'f', "format", "FORMAT", "into this format (by the end of the output's name, else folded)", take_format},
    {0, "from", "FORMAT", "what it is read as, where its content does not tell", take_from},
    {'m', "metric", "METRIC", "show this metric of tare's", take_metric},
    {0, "type", "NAME", "show this of its types, whatever tool named it", take_type},
    {0, "flame", NULL, "a flame graph with the outermost function at the bottom, not at the top", take_flame},
    {'o', "output", "FILE", "write to FILE instead of standard output", take_output},
    {'h', "help", NULL, "show this", take_help},
};

static const struct tare__option_table table = {"convert", "[OPTIONS] [FILE|-]", options,
                                                sizeof options / sizeof *options, true};

static int help(void)
{
    tare__options_help(&table);
    tare__print_profile_formats();
    tare__print_readers();
    tare__print_metrics();
    return fflush(stdout) == 0 ? TARE__EXIT_FINE : tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static int choose_type(const struct convert *convert, struct tare__profile *profile)
{
    size_t type = convert->type != NULL ? tare__profile_type_named(profile, convert->type) : profile->default_type;
    if (type < profile->type_count) {
        profile->default_type = type;
        return 0;
    }
    tare__complain(0, "convert: the profile has no type '%s'", convert->type);
    fputs("There are", stderr);
    for (size_t i = 0; i < profile->type_count; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", profile->types[i].name);
    fputs(".\n", stderr);
    return TARE__EXIT_USAGE;
}

static int write_profile(const void *context, FILE *out)
{
    const struct convert *convert = ((const void *const *)context)[0];
    const struct tare__profile *profile = ((const void *const *)context)[1];
    const struct tare__report_options usual = {.upward = convert->upward};
    return convert->format->write_profile(profile, &usual, out);
}

static int run(const struct convert *convert)
{
    struct tare__profile_source source;
    struct tare__delivery delivery;
    int status = tare__delivery_open(&delivery, "convert", convert->output_path);
    if (status != 0)
        return status;
    status = tare__profile_open("convert", convert->path, convert->from, &source);
    if (status == 0)
        status = choose_type(convert, &source.profile);
    if (status == 0)
        status = tare__profile_check("convert", convert->format, &source.profile);
    const void *const context[] = {convert, &source.profile};
    status = tare__delivery_close(&delivery, status, write_profile, context);
    tare__profile_close(&source);
    return status;
}

static int parse(struct convert *convert, int count, char **arguments)
{
    int rest, status = tare__options_parse(&table, count, arguments, convert, &rest);
    if (status != 0 || convert->help)
        return status;
    if (rest + 1 < count)
        return tare__complain(TARE__EXIT_USAGE, "convert: one file at a time, 'tare merge' takes several: '%s'",
                              arguments[rest + 1]);
    convert->path = rest < count ? arguments[rest] : "-";
    if (convert->format == NULL && convert->output_path != NULL)
        convert->format = tare__format_of_path(convert->output_path);
    if (convert->format == NULL)
        convert->format = tare__format_named("folded");
    return 0;
}

int tare__command_convert(int count, char **arguments)
{
    struct convert convert = {.help = false};
    int status = parse(&convert, count, arguments);
    if (status != 0)
        return status;
    return convert.help ? help() : run(&convert);
}
