/* SPDX-License-Identifier: MIT */
/*
 *     most bytes allocated: 2 of 37 sites
 *           1,048,576 bytes  62.3 %  in 1,024 allocations
 *               read_table at src/table.c:88
 *               main at src/main.c:14
 *
 * Uses nothing of the command's: a failing expectation prints the same.
 */
#include "sites_text.h"

#include <inttypes.h>
#include <string.h>

#include "function_name.h"
#include "phrase.h"
#include "sites.h"
#include "stack_view.h"

enum { FIGURE_INDENT = 2, FRAME_INDENT = 6, PATH_COLUMNS = 48, FUNCTION_COLUMNS = 72 };

#define PLURAL(count) ((count) == 1 ? "" : "s")

/* ---- A line of a stack --------------------------------------------------- */

/* Of a long one the last parts: the first say where the source lies on somebody's
 * machine. */
static const char *short_path(char buffer[PATH_COLUMNS + 1], const char *path)
{
    size_t length = strlen(path);
    if (length <= PATH_COLUMNS)
        return path;
    const char *from = path + length - (PATH_COLUMNS - 3);
    const char *slash = strchr(from, '/');
    snprintf(buffer, PATH_COLUMNS + 1, "...%s", slash != NULL ? slash : from);
    return buffer;
}

static void address_text(char buffer[TARE__PLACE_BYTES], const struct tare__stack_line *line)
{
    if (line->module == NULL)
        snprintf(buffer, TARE__PLACE_BYTES, "0x%" PRIx64, line->frame->address);
    else
        snprintf(buffer, TARE__PLACE_BYTES, "%.200s+0x%" PRIx64, line->module->name,
                 line->frame->address - line->module->bias);
}

/* Libc's own names for what it exports are not those that programs call it by. */
static const char *exported_name(const char *function)
{
    bool is_alias = strncmp(function, "__", 2) == 0 && strncmp(function, "__libc_", 7) != 0;
    return is_alias ? function + strspn(function, "_") : function;
}

static void function_text(char buffer[TARE__FUNCTION_NAME_BYTES], const struct tare__stack_line *line)
{
    const char *function = line->place->function;
    if (tare__stack_line_is_libc(line))
        function = exported_name(function);
    tare__function_bare_name(buffer, function);
    if (*buffer == '\0')
        snprintf(buffer, TARE__FUNCTION_NAME_BYTES, "%s", function);
    if (strlen(buffer) > FUNCTION_COLUMNS)
        strcpy(buffer + FUNCTION_COLUMNS - 3, "...");
}

char *tare__function_text(char buffer[TARE__PLACE_BYTES], const struct tare__stack_line *line)
{
    const struct tare__place *place = line->place;
    if (line->truncated)
        snprintf(buffer, TARE__PLACE_BYTES, "(its callers are missing: %s)",
                 tare__truncation_text(line->frame->address));
    else if (place == NULL || place->function == NULL)
        address_text(buffer, line);
    else
        function_text(buffer, line);
    return buffer;
}

char *tare__place_text(char buffer[TARE__PLACE_BYTES], const struct tare__stack_line *line)
{
    char path[PATH_COLUMNS + 1];
    const struct tare__place *place = line->place;
    tare__function_text(buffer, line);
    if (line->truncated || place == NULL || place->function == NULL)
        return buffer;
    size_t length = strlen(buffer);
    const char *inlined = place->inlined ? " (inlined)" : "";
    bool in_source = place->file != NULL && !tare__stack_line_is_libc(line); /* whose lines are no news to its users */
    if (in_source && place->line != 0)
        snprintf(buffer + length, TARE__PLACE_BYTES - length, " at %s:%u%s", short_path(path, place->file), place->line,
                 inlined);
    else if (in_source)
        snprintf(buffer + length, TARE__PLACE_BYTES - length, " in %s%s", short_path(path, place->file), inlined);
    else
        snprintf(buffer + length, TARE__PLACE_BYTES - length, " in %.200s%s",
                 line->module != NULL ? line->module->name : "?", inlined);
    return buffer;
}

/* ---- A stack ------------------------------------------------------------- */

struct stack_writer {
    FILE *out;
    int indent;
    char pending[TARE__PLACE_BYTES]; /* not written yet: it may be there again */
    size_t times;
    size_t lines, lines_max; /* written or pending */
    size_t left;             /* that are not */
};

/* A recursive function is one line. */
static void flush(struct stack_writer *writer)
{
    char figure[TARE__FIGURE_BYTES];
    if (writer->times == 1)
        fprintf(writer->out, "%*s%s\n", writer->indent, "", writer->pending);
    else if (writer->times > 1)
        fprintf(writer->out, "%*s%s (%s times)\n", writer->indent, "", writer->pending,
                tare__figure(figure, (int64_t)writer->times));
    writer->times = 0;
}

static void write_line(struct stack_writer *writer, const struct tare__stack_line *line)
{
    char text[TARE__PLACE_BYTES];
    tare__place_text(text, line);
    if (writer->left == 0 && writer->times > 0 && strcmp(text, writer->pending) == 0) {
        writer->times++;
    } else if (writer->left > 0 || (writer->lines_max != 0 && writer->lines == writer->lines_max)) {
        writer->left++;
    } else {
        flush(writer);
        strcpy(writer->pending, text);
        writer->times = 1;
        writer->lines++;
    }
}

void tare__report_stack(const struct tare__process *process, uint32_t stack, const struct tare__sites_request *request,
                        FILE *out)
{
    struct stack_writer writer = {
        .out = out, .indent = (int)request->indent + FRAME_INDENT, .lines_max = request->frames_max};
    struct tare__stack_view view = tare__stack_view(&process->origins, stack);
    struct tare__stack_line line;
    while (tare__stack_view_next(&view, &line))
        if (!line.hidden)
            write_line(&writer, &line);
    flush(&writer);
    if (writer.left > 0)
        fprintf(out, "%*s... called through %zu more\n", writer.indent, "", writer.left);
    if (stack == 0)
        fprintf(out, "%*s(no stack)\n", writer.indent, "");
}

/* ---- Sites --------------------------------------------------------------- */

static void write_counted(const struct tare__site_figure *figure, const struct tare__snapshot_site *site, FILE *out)
{
    char text[TARE__FIGURE_BYTES];
    int64_t value = figure->value(site);
    fprintf(out, "%s %s%s", tare__figure(text, value), figure->unit, PLURAL(value));
}

static void write_figure(int64_t value, int64_t total, const struct tare__sites_request *request, int columns,
                         FILE *out)
{
    char text[TARE__FIGURE_BYTES];
    fprintf(out, "%*s%*s %s%s", (int)request->indent + FIGURE_INDENT, "", columns, tare__figure(text, value),
            request->metric->figure->unit, PLURAL(value));
    if (!request->no_shares && total > 0)
        fprintf(out, "  %5.1f %%", (double)value * 100 / (double)total);
}

static void write_figures(const struct tare__snapshot_site *site, int64_t total,
                          const struct tare__sites_request *request, int columns, FILE *out)
{
    const struct tare__metric *metric = request->metric;
    write_figure(metric->figure->value(site), total, request, columns, out);
    fprintf(out, "  %s ", metric->preposition);
    write_counted(metric->second, site, out);
    if (metric->third != NULL && metric->third->value(site) != 0) {
        fputs(" and ", out);
        write_counted(metric->third, site, out);
    }
    if (site->is_runtime)
        fputs(" (C++ runtime)", out);
}

/* "  [3] read_table" */
static void write_reference(const struct tare__process *process, const struct tare__snapshot_site *site,
                            unsigned number, FILE *out)
{
    char text[TARE__PLACE_BYTES] = "(no stack)";
    struct tare__stack_view view = tare__stack_view(&process->origins, site->stack);
    struct tare__stack_line line = {.hidden = true};
    while (line.hidden && tare__stack_view_next(&view, &line))
        if (!line.hidden)
            tare__function_text(text, &line);
    fprintf(out, "  [%u] %s\n", number, text);
}

static void write_site(const struct tare__process *process, const struct tare__snapshot_site *site, int64_t total,
                       const struct tare__sites_request *request, int columns, FILE *out)
{
    struct tare__site_numbers *numbers = request->numbers;
    unsigned *number = numbers != NULL ? &numbers->of[site - process->origins.sites] : NULL;
    write_figures(site, total, request, columns, out);
    if (number != NULL && *number != 0) {
        write_reference(process, site, *number, out);
        return;
    }
    if (number != NULL)
        fprintf(out, "  [%u]", *number = ++numbers->last);
    fputc('\n', out);
    tare__report_stack(process, site->stack, request, out);
}

void tare__report_site(const struct tare__process *process, const struct tare__snapshot_site *site,
                       const struct tare__sites_request *request, FILE *out)
{
    write_site(process, site, tare__metric_total(request->metric, process), request, 0, out);
}

static void write_heading(const struct tare__sites_request *request, size_t shown, size_t count, FILE *out)
{
    const char *heading = request->heading != NULL ? request->heading : request->metric->heading;
    if (*heading == '\0')
        return;
    if (shown == count)
        fprintf(out, "%*s%s: %zu site%s\n", (int)request->indent, "", heading, count, PLURAL(count));
    else
        fprintf(out, "%*s%s: %zu of %zu sites\n", (int)request->indent, "", heading, shown, count);
}

static int64_t value_of(const struct tare__ranking *ranking, size_t at, const struct tare__metric *metric)
{
    return metric->figure->value(ranking->sites[at]);
}

static int columns_of(const struct tare__ranking *ranking, size_t shown, int64_t rest,
                      const struct tare__metric *metric)
{
    char text[TARE__FIGURE_BYTES];
    int64_t most = rest;
    for (size_t i = 0; i < shown; i++)
        most = value_of(ranking, i, metric) > most ? value_of(ranking, i, metric) : most;
    return (int)strlen(tare__figure(text, most));
}

static void write_ranking(const struct tare__process *process, const struct tare__ranking *ranking,
                          const struct tare__sites_request *request, FILE *out)
{
    bool all = request->sites_max == 0 || request->sites_max >= ranking->count;
    size_t shown = all ? ranking->count : request->sites_max, left = ranking->count - shown;
    int64_t total = tare__metric_total(request->metric, process), rest = 0;
    for (size_t i = shown; i < ranking->count; i++)
        rest += value_of(ranking, i, request->metric);
    int columns = columns_of(ranking, shown, rest, request->metric);
    if (request->apart)
        fputc('\n', out);
    write_heading(request, shown, ranking->count, out);
    for (size_t i = 0; i < shown; i++)
        write_site(process, ranking->sites[i], total, request, columns, out);
    if (left > 0) {
        write_figure(rest, total, request, columns, out);
        fprintf(out, "  ... and %zu more site%s\n", left, PLURAL(left));
    }
}

void tare__report_sites(const struct tare__process *process, const struct tare__sites_request *request, FILE *out)
{
    struct tare__ranking ranking;
    const struct tare__metric *order = request->order != NULL ? request->order : request->metric;
    if (tare__sites_rank(process, request->metric, order, &ranking) != 0)
        fprintf(out, "%*s(no memory to list the sites)\n", (int)request->indent, "");
    else if (ranking.count > 0)
        write_ranking(process, &ranking, request, out);
    tare__ranking_free(&ranking);
}
