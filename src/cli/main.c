/* SPDX-License-Identifier: MIT */
/* The table of commands and what finds one in it. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tare/tare.h>

#include "command.h"
#include "suggest.h"

const struct tare__command tare__commands[] = {
    {"run", "run a program and say what it allocated", tare__command_run},
    {"report", "show what a run recorded", tare__command_report},
    {"diff", "show what changed from one recording to another", tare__command_diff},
    {"top", "watch a running program", tare__command_top},
    {"trace", "a flame graph of one kind of event, by perf", tare__command_trace},
    {"convert", "turn a profile, also another tool's, into another format", tare__command_convert},
    {"merge", "add up profiles of many runs", tare__command_merge},
    {"oom", "fail each allocation of a program in turn", tare__command_oom},
};
const int tare__command_count = sizeof tare__commands / sizeof *tare__commands;

static const char usage[] = "usage: tare COMMAND [OPTIONS] ...\n";

int tare__complain(int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("tare: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return status;
}

static int finish_stdout(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TARE__EXIT_FINE;
    return tare__complain(TARE__EXIT_UNABLE, "can't write to standard output");
}

static int help(void)
{
    printf("%s\nMeasures exactly what a program allocates.\n\nCommands:\n", usage);
    for (int i = 0; i < tare__command_count; i++)
        printf("  %-10s  %s\n", tare__commands[i].name, tare__commands[i].meaning);
    printf("\nOptions:\n"
           "  -h, --help     show this, or behind a command its options\n"
           "  -V, --version  show the version\n"
           "\nExit status: 0 fine, 1 an expectation failed, 2 wrong usage, 3 tare could not do\n"
           "its work. See tare(1).\n");
    return finish_stdout();
}

static int version(void)
{
    printf("tare %d.%d.%d\n", TARE_VERSION_MAJOR, TARE_VERSION_MINOR, TARE_VERSION_PATCH);
    return finish_stdout();
}

static const char *command_name(size_t index, const void *unused)
{
    (void)unused;
    return index < (size_t)tare__command_count ? tare__commands[index].name : NULL;
}

static const char *option_name(size_t index, const void *unused)
{
    (void)unused;
    static const char *const names[] = {"--help", "--version"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

static int unknown(const char *argument)
{
    bool is_option = *argument == '-';
    const char *nearest = tare__suggest(argument, is_option ? option_name : command_name, NULL);
    if (nearest == NULL && !is_option) { /* "tare help", "tare version" */
        char option[32];
        snprintf(option, sizeof option, "--%s", argument);
        nearest = tare__suggest(option, option_name, NULL);
    }
    tare__complain(0, "there is no %s '%s'", is_option ? "option" : "command", argument);
    if (nearest != NULL)
        fprintf(stderr, "Did you mean '%s'?\n", nearest);
    fputs("'tare --help' lists them all.\n", stderr);
    return TARE__EXIT_USAGE;
}

static bool is_one_of(const char *argument, const char *short_name, const char *long_name)
{
    return strcmp(argument, short_name) == 0 || strcmp(argument, long_name) == 0;
}

/* Where a standard stream is closed, no file of ours may take its place and get
 * our messages. What stands there can't be written, and is closed for programs. */
static void occupy_closed_streams(void)
{
    int descriptor;
    do
        descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

int main(int count, char **arguments)
{
    occupy_closed_streams();
    if (count < 2) {
        tare__complain(0, "which command?");
        fputs(usage, stderr);
        fputs("'tare --help' lists the commands.\n", stderr);
        return TARE__EXIT_USAGE;
    }
    const char *first = arguments[1];
    if (is_one_of(first, "-h", "--help"))
        return help();
    if (is_one_of(first, "-V", "--version"))
        return version();
    for (int i = 0; i < tare__command_count; i++)
        if (strcmp(first, tare__commands[i].name) == 0)
            return tare__commands[i].run(count - 1, arguments + 1);
    return unknown(first);
}
