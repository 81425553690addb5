/* SPDX-License-Identifier: MIT */
/* getopt_long has no table that could carry the meaning and the action, and
 * abbreviates long names: a script that relies on that breaks with the next
 * option. */
#include "options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "suggest.h"

static const char *long_name(size_t index, const void *context)
{
    const struct tare__option_table *table = context;
    return index < table->count ? table->options[index].name : NULL;
}

static int unknown(const struct tare__option_table *table, const char *argument)
{
    size_t dashes = strspn(argument, "-");
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument + dashes, "="), argument + dashes);
    bool is_letter = dashes == 1 && name[1] == '\0';
    const char *nearest = is_letter ? NULL : tare__suggest(name, long_name, table);
    tare__complain(0, "%s: there is no option '%s'", table->command, argument);
    if (nearest != NULL)
        fprintf(stderr, "Did you mean '--%s'?\n", nearest);
    fprintf(stderr, "'tare %s --help' lists them all.\n", table->command);
    return TARE__EXIT_USAGE;
}

/* One argument of the command line, split. */
struct given {
    const char *argument;
    const struct tare__option *option;
    const char *value; /* behind '=', or behind the letter; NULL for none */
};

static void split_long(const struct tare__option_table *table, struct given *given)
{
    const char *name = given->argument + 2;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < table->count; i++)
        if (strlen(table->options[i].name) == length && memcmp(table->options[i].name, name, length) == 0)
            given->option = &table->options[i];
    given->value = name[length] == '=' ? name + length + 1 : NULL;
}

static void split_short(const struct tare__option_table *table, struct given *given)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->options[i].letter == given->argument[1])
            given->option = &table->options[i];
    given->value = given->argument[2] != '\0' ? given->argument + 2 : NULL;
}

static int take(const struct tare__option_table *table, struct given *given, const char *next, void *context, int *at)
{
    const struct tare__option *option = given->option;
    if (option == NULL || (option->argument == NULL && given->value != NULL && given->argument[1] != '-'))
        return unknown(table, given->argument);
    if (option->argument == NULL && given->value != NULL)
        return tare__complain(TARE__EXIT_USAGE, "%s: --%s takes no value", table->command, option->name);
    if (option->argument != NULL && given->value == NULL) {
        if (next == NULL)
            return tare__complain(TARE__EXIT_USAGE, "%s: --%s needs a value: %s", table->command, option->name,
                                  option->argument);
        given->value = next;
        ++*at;
    }
    return option->take(context, given->value);
}

/* One argument, and its value where that is the next. */
static int take_at(const struct tare__option_table *table, int count, char **arguments, void *context, int *at)
{
    struct given given = {.argument = arguments[*at]};
    if (given.argument[1] == '-')
        split_long(table, &given);
    else
        split_short(table, &given);
    return take(table, &given, *at + 1 < count ? arguments[*at + 1] : NULL, context, at);
}

int tare__options_parse(const struct tare__option_table *table, int count, char **arguments, void *context, int *rest)
{
    int at = 1, passed = 0; /* passed over, and kept in the places of what has been taken */
    for (; at < count; at++) {
        bool is_option = arguments[at][0] == '-' && arguments[at][1] != '\0';
        if (!is_option && !table->mixed)
            break;
        if (!is_option) {
            arguments[1 + passed++] = arguments[at];
            continue;
        }
        if (strcmp(arguments[at], "--") == 0) {
            at++;
            break;
        }
        int status = take_at(table, count, arguments, context, &at);
        if (status != 0)
            return status;
    }
    memmove(arguments + at - passed, arguments + 1, (size_t)passed * sizeof(char *));
    *rest = at - passed;
    return 0;
}

void tare__options_help(const struct tare__option_table *table)
{
    printf("usage: tare %s %s\n\nOptions:\n", table->command, table->usage);
    for (size_t i = 0; i < table->count; i++) {
        const struct tare__option *option = &table->options[i];
        char names[64], letter[8] = "";
        if (option->letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(names, sizeof names, "%s--%s%s%s", letter, option->name, option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
        printf("  %-22s  %s\n", names, option->meaning);
    }
}
