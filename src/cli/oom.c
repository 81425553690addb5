/* SPDX-License-Identifier: MIT */
/* tare oom: fails each allocation of a program in turn, and says what came of it. */
#include "oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "delivery.h"
#include "library.h"
#include "oom_log.h"
#include "oom_report.h"
#include "program.h"

/* ---- Before ---------------------------------------------------------------------- */

static int find_program(struct tare__oom *oom)
{
    const char *name = oom->options.arguments[0];
    if (tare__program_find(name, oom->program, sizeof oom->program))
        return 0;
    const char *why = errno == ENOENT ? "there is no such program" : strerror(errno);
    return tare__complain(TARE__EXIT_UNABLE, "oom: %s: %s", name, why);
}

static int find_library(struct tare__oom *oom)
{
    if (!tare__library_find(oom->library, sizeof oom->library))
        return tare__complain(TARE__EXIT_UNABLE, "oom: the library to preload is missing: %s", oom->library);
    if (!tare__library_can_preload(oom->library))
        return tare__complain(
            TARE__EXIT_UNABLE,
            "oom: LD_PRELOAD can't express a path with a blank or a colon: %s; install tare elsewhere", oom->library);
    return 0;
}

/* What a pipe holds can be read but once, and there are many runs. */
static int keep_input(void)
{
    char bytes[1 << 16];
    ssize_t length;
    int kept = memfd_create("tare-input", MFD_CLOEXEC);
    if (kept < 0)
        return -1;
    while ((length = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(kept, bytes, (size_t)length) != length)
            return -1;
    return length == 0 ? kept : -1;
}

static int open_streams(struct tare__oom *oom)
{
    struct stat input;
    if (fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode))
        oom->input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    else if ((S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)) && oom->options.debug.id == 0)
        oom->input_is_kept = (oom->input = keep_input()) >= 0;
    else
        oom->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (oom->input < 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't keep standard input: %s", strerror(errno));
    if (pipe2(oom->sink, O_CLOEXEC) != 0 || fcntl(oom->sink[0], F_SETFL, O_NONBLOCK) != 0)
        return tare__complain(TARE__EXIT_UNABLE, "oom: can't make a pipe: %s", strerror(errno));
    return 0;
}

/* ---- The command ----------------------------------------------------------------- */

static int deliver(struct tare__oom_report *report, struct tare__delivery *summary, struct tare__delivery *junit)
{
    const struct tare__oom_options *options = &report->oom->options;
    int status = tare__delivery_close(summary, 0, options->json ? tare__oom_json : tare__oom_text, report);
    if (options->junit_path != NULL)
        status = tare__delivery_close(junit, status, tare__oom_junit, report);
    if (status != 0)
        return status;
    size_t lost = report->verdicts[TARE__VERDICT_NOT_REACHED], bad = 0;
    for (int verdict = TARE__VERDICT_PASSED + 1; verdict < TARE__VERDICT_NOT_REACHED; verdict++)
        bad += report->verdicts[verdict];
    if (lost > 0)
        status = tare__complain(TARE__EXIT_UNABLE,
                                "oom: %s is not deterministic: %zu of %zu runs did not come to their point again",
                                options->arguments[0], lost, report->forked + report->started);
    return bad > 0 ? TARE__EXIT_FAILED : status;
}

static int report(struct tare__oom *oom, struct tare__delivery *summary, struct tare__delivery *junit)
{
    struct tare__oom_stacks stacks;
    struct tare__oom_report report = {.order = NULL};
    int error = tare__oom_stacks_make(&stacks, oom);
    if (error == 0)
        error = tare__oom_report_make(&report, oom, &stacks);
    int status = error == 0 ? deliver(&report, summary, junit)
                            : tare__complain(TARE__EXIT_UNABLE, "oom: no summary: %s", strerror(error));
    tare__oom_report_free(&report);
    tare__oom_stacks_free(&stacks);
    return status;
}

static int close_log(struct tare__oom *oom)
{
    int error = oom->log != NULL ? tare__oom_log_close(oom->log) : 0;
    return error == 0 ? 0
                      : tare__complain(TARE__EXIT_UNABLE, "oom: can't write %s: %s", oom->options.resume_path,
                                       strerror(error));
}

static int sweep(struct tare__oom *oom)
{
    struct tare__delivery summary, junit;
    int status = tare__delivery_open(&summary, "oom", oom->options.output_path);
    if (status != 0)
        return status;
    status = tare__delivery_open(&junit, "oom", oom->options.junit_path);
    if (status != 0)
        return tare__delivery_close(&summary, status, NULL, NULL);
    if (oom->options.resume_path != NULL)
        status = tare__oom_log_open(&oom->log, oom);
    if (status == 0)
        status = tare__oom_count(oom);
    if (status == 0)
        status = tare__oom_sweep(oom);
    int closed = close_log(oom);
    if (status == 0)
        return closed == 0 ? report(oom, &summary, &junit) : closed;
    tare__delivery_close(&summary, status, NULL, NULL);
    tare__delivery_close(&junit, status, NULL, NULL);
    return status;
}

int tare__command_oom(int count, char **arguments)
{
    struct tare__oom oom = {.input = -1};
    int status = tare__oom_options_parse(&oom.options, count, arguments);
    if (status != 0)
        return status;
    if (oom.options.arguments == NULL)
        return tare__oom_help();
    if ((status = find_program(&oom)) != 0 || (status = find_library(&oom)) != 0 || (status = open_streams(&oom)) != 0)
        return status;
    if (oom.options.replay.id != 0)
        status = tare__oom_replay(&oom);
    else if (oom.options.debug.id != 0)
        status = tare__oom_debug(&oom);
    else
        status = sweep(&oom);
    free(oom.chosen);
    return status;
}
