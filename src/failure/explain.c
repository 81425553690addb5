/* SPDX-License-Identifier: MIT */
/*
 * The one function of libtare-explain.so: what a failed expectation shows beside its
 * figures. It runs inside the program under test, on the thread that fails,
 * with all signals blocked and on a stack that is large enough; what it
 * allocates is counted nowhere.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explaining.h"
#include "failure_text.h"
#include "recording.h"
#include "suppression.h"
#include "symbol.h"

#define TEXT_OF_EXPANDED(x) #x
#define TEXT_OF(x) TEXT_OF_EXPANDED(x)
#define OWN_VERSION TEXT_OF(TARE_VERSION_MAJOR) "." TEXT_OF(TARE_VERSION_MINOR) "." TEXT_OF(TARE_VERSION_PATCH)

__attribute__((visibility("default"))) tare__explain_function tare__explain;

static int refuse(struct tare__explaining *explaining, int error, const char *reason)
{
    snprintf(explaining->reason, sizeof explaining->reason, "%s", reason);
    return error;
}

/* ---- Suppressions --------------------------------------------------------- */

/* A file of suppressions that can't be used suppresses nothing, and the text says so. */
static void report_bad_suppressions(const char *where, int error, const struct tare__suppression_error *details,
                                    FILE *out)
{
    if (error == EINVAL)
        fprintf(out, "suppressions: %s:%zu: expected %s\n", where, details->line, details->expected);
    else if (error != 0)
        fprintf(out, "suppressions: %s: %s\n", where, strerrordesc_np(error));
}

static void read_suppressions(const struct tare__explaining *explaining, struct tare__suppressions *suppressions,
                              FILE *out)
{
    struct tare__suppression_error details = {0};
    const char *path = explaining->suppressions_path, *text = explaining->suppressions;
    int error = path != NULL ? tare__suppressions_read(suppressions, path, &details) : 0;
    report_bad_suppressions(path, error, &details, out);
    error = text != NULL ? tare__suppressions_add(suppressions, text, strlen(text), &details) : 0;
    report_bad_suppressions("__lsan_default_suppressions()", error, &details, out);
}

/* ---- A scope -------------------------------------------------------------- */

static int explain_process(struct tare__explaining *explaining, struct tare__process *process, FILE *out)
{
    const struct tare__symbolize_options options = {0};
    struct tare__suppressions suppressions = {0};
    int error = tare__symbolize(&process->origins, &options);
    if (error == 0) {
        read_suppressions(explaining, &suppressions, out);
        error = tare__suppress(&suppressions, process);
    }
    if (error == 0) {
        uint32_t violated = explaining->violated(&process->stats, explaining->context);
        tare__failure_scope_text(process, violated, explaining->forbidden, out);
    }
    fflush(out); /* before the suppressions that it names are gone */
    tare__suppressions_free(&suppressions);
    return error == 0 ? 0 : refuse(explaining, error, strerrordesc_np(error));
}

static int explain_scope(struct tare__explaining *explaining, FILE *out)
{
    struct tare__snapshot snapshot = {0};
    int error = tare__recording_read_file(explaining->path, &snapshot, explaining->reason, sizeof explaining->reason);
    if (error == 0)
        error = explain_process(explaining, &snapshot.processes[snapshot.main], out);
    tare__snapshot_free(&snapshot);
    return error;
}

/* ---- All of it ------------------------------------------------------------ */

static int explain(struct tare__explaining *explaining)
{
    if (explaining->pattern != NULL)
        return tare__failure_functions(explaining->pattern, explaining->range, explaining->context);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return refuse(explaining, errno, strerrordesc_np(errno));
    int error = explaining->path != NULL
                    ? explain_scope(explaining, out)
                    : tare__failure_stack_text(explaining->addresses, explaining->address_count, out);
    bool whole = !ferror(out);
    if (fclose(out) != 0 || !whole)
        error = refuse(explaining, ENOMEM, strerrordesc_np(ENOMEM));
    if (error == 0 && length > 0)
        explaining->write(text, length, explaining->context);
    free(text);
    return error;
}

/* The program's locale would put commas into figures. That of C takes no memory. */
int tare__explain(struct tare__explaining *explaining)
{
    explaining->reason[0] = '\0';
    if (strcmp(explaining->version, OWN_VERSION) != 0)
        return refuse(explaining, ELIBBAD, "it is of version " OWN_VERSION);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = plain != (locale_t)0 ? uselocale(plain) : (locale_t)0;
    int error = explain(explaining);
    if (plain != (locale_t)0) {
        uselocale(before);
        freelocale(plain);
    }
    return error;
}
