/* SPDX-License-Identifier: MIT */
/*
 * perf record starts the program, by way of env, which gives it the environment that
 * perf itself must not have. perf ends as the program did, killed by a signal too.
 */
#include "trace_perf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"

/* For each processor. perf takes what it finds there to the file when it comes to it. */
#define BUFFER "64M"

static char *setting(const char *name, const char *value, const char *behind)
{
    char *text;
    return asprintf(&text, "%s=%s%s%s", name, value, behind != NULL ? ":" : "", behind != NULL ? behind : "") < 0
               ? NULL
               : text;
}

static int run(struct tare__trace_record *record, char **command)
{
    struct tare__launch launch = {.arguments = command, .mask = record->mask};
    int error = tare__launch(&launch);
    record->exit_status = launch.exit_status;
    record->signal = launch.signal;
    return error;
}

int tare__trace_record(struct tare__trace_record *record)
{
    enum { OWN_MAX = 24 };
    size_t count = 0, given = 0;
    while (record->arguments[given] != NULL)
        given++;
    const char **command = calloc(OWN_MAX + given + 1, sizeof *command);
    char event[sizeof record->uprobe->group + sizeof record->uprobe->name + 1], graph[64];
    snprintf(event, sizeof event, "%s:%s", record->uprobe->group, record->uprobe->name);
    snprintf(graph, sizeof graph, "dwarf,%s", record->stack_bytes);
    const char *others = getenv("LD_PRELOAD");
    others = others != NULL && *others != '\0' ? others : NULL;
    char *preload = record->library != NULL ? setting("LD_PRELOAD", record->library, others) : NULL;
    char *store = record->directory != NULL ? setting("TARE_STORE", record->directory, NULL) : NULL;
    int error = ENOMEM;
    if (command != NULL && (preload != NULL || record->library == NULL) &&
        (store != NULL || record->directory == NULL)) {
        const char *const perf[] = {"perf", "record", "-q",           "-o",  record->data, "-m",  BUFFER,
                                    "-e",   event,    "--call-graph", graph, "--",         "env", "TARE_SITES=off"};
        memcpy(command, perf, sizeof perf);
        count = sizeof perf / sizeof *perf;
        if (preload != NULL)
            command[count++] = preload;
        if (store != NULL)
            command[count++] = store;
        memcpy(command + count, record->arguments, given * sizeof *command);
        error = run(record, (char **)(uintptr_t)command);
    }
    free(preload);
    free(store);
    free(command);
    return error;
}

/* ---- perf script --------------------------------------------------------------- */

/* "trace_4242_tare:alloc:" becomes "sdt_tare:alloc:", as perf itself names probes. */
static void write_line(const struct tare__uprobe *uprobe, const char *line, FILE *out)
{
    const char *own = *line != '\t' ? strstr(line, uprobe->group) : NULL;
    if (own == NULL) {
        fputs(line, out);
        return;
    }
    const char *provider = strchr(strchr(uprobe->group, '_') + 1, '_') + 1;
    fwrite(line, 1, (size_t)(own - line), out);
    fprintf(out, "sdt_%s%s", provider, own + strlen(uprobe->group));
}

/* "program 4242 [000] 36386.133175: PERF_RECORD_LOST lost 20000" */
static bool tells_of_lost(const char *line, uint64_t *lost)
{
    const char *found = *line != '\t' ? strstr(line, ": PERF_RECORD_LOST") : NULL;
    const char *count = found != NULL ? strstr(found, " lost ") : NULL;
    if (count != NULL)
        *lost += strtoull(count + strlen(" lost "), NULL, 10);
    return found != NULL;
}

/* "<tab>  2a76 tare__probe_tare_alloc (/bin/program)": tare's own frames are left out, those
 * of the library altogether, as in tare's reports. */
static bool is_own(const struct tare__trace_record *record, const char *line)
{
    if (*line != '\t')
        return false;
    const char *symbol = strchr(line + strspn(line, "\t "), ' ');
    const char *object = strrchr(line, '(');
    size_t length = record->library != NULL ? strlen(record->library) : 0;
    return (symbol != NULL && strncmp(symbol, " tare__", 7) == 0) ||
           (length > 0 && object != NULL && strncmp(object + 1, record->library, length) == 0 &&
            object[1 + length] == ')');
}

static int copy(const struct tare__trace_record *record, FILE *in, FILE *out, uint64_t *lost)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) > 0)
        if (!tells_of_lost(line, lost) && !is_own(record, line))
            write_line(record->uprobe, line, out);
    int error = ferror(in) || ferror(out) ? EIO : 0;
    free(line);
    return error;
}

static FILE *start_perf(const char *const *command, pid_t *pid)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    *pid = fork();
    if (*pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, STDERR_FILENO); /* "lost 4 chunks": that is summed here */
        execvp(command[0], (char **)(uintptr_t)command);
        _exit(127);
    }
    int error = errno;
    close(ends[1]);
    FILE *out = *pid > 0 ? fdopen(ends[0], "r") : NULL;
    if (out == NULL)
        close(ends[0]);
    errno = error;
    return out;
}

static int end_perf(FILE *out, pid_t pid)
{
    int status = 0;
    fclose(out);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0 ? 0 : EPROTO;
}

/* A record of what was lost comes only with the next that finds room. Newer kernels (6.0) count besides,
 * which perf tells only in its statistics, behind those of all events:
 *     trace_4242_tare:alloc stats:
 *         LOST_SAMPLES events:      20000
 */
static int count_lost_samples(const struct tare__trace_record *record, uint64_t *lost)
{
    const char *const command[] = {"perf", "report", "--stats", "--stdio", "-i", record->data, NULL};
    char line[512];
    bool of_event = false;
    pid_t pid;
    FILE *out = start_perf(command, &pid);
    if (out == NULL)
        return errno;
    while (fgets(line, sizeof line, out) != NULL) {
        of_event = of_event || strstr(line, record->uprobe->group) != NULL;
        const char *found = of_event ? strstr(line, "LOST_SAMPLES events:") : NULL;
        uint64_t counted = found != NULL ? strtoull(strchr(found, ':') + 1, NULL, 10) : 0;
        *lost = counted > *lost ? counted : *lost;
    }
    return end_perf(out, pid);
}

int tare__trace_script(const struct tare__trace_record *record, const char *path, uint64_t *lost)
{
    const char *const command[] = {"perf",
                                   "script",
                                   "-i",
                                   record->data,
                                   "--show-lost-events",
                                   "-F",
                                   "comm,pid,tid,cpu,time,event,trace,ip,sym,dso",
                                   NULL};
    pid_t pid;
    *lost = 0;
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return errno;
    FILE *script = start_perf(command, &pid);
    int error = script != NULL ? copy(record, script, out, lost) : errno;
    int end = script != NULL ? end_perf(script, pid) : 0;
    if (fclose(out) != 0 && error == 0)
        error = errno;
    if (error == 0)
        error = end;
    return error == 0 ? count_lost_samples(record, lost) : error;
}
