/* SPDX-License-Identifier: MIT */
/*
 *     tare top: ./server --port 80 (pid 4242), running
 *     allocations     1,024,000  +1,200/s    live      1,024 blocks        64,000 bytes
 *     bytes_allocated ...        +96,000/s   peak                          70,000 bytes
 *
 *             bytes      %  by bytes allocated
 *         1,048,576   68.2  read_table < load < main
 */
#include "live.h"

#include <errno.h>
#include <string.h>

#include "phrase.h"
#include "sites.h"
#include "sites_text.h"
#include "stack_view.h"

struct screen {
    const struct tare__live *live;
    FILE *out;
    size_t lines; /* written */
};

static bool is_full(const struct screen *screen, size_t reserved)
{
    return screen->live->lines != 0 && screen->lines + reserved >= screen->live->lines;
}

/* Cut to the columns; what is no UTF-8, or could do harm on a terminal, is '?'. */
static void write_line(struct screen *screen, const char *text)
{
    size_t columns = 0;
    if (is_full(screen, 0))
        return;
    for (; *text != '\0' && columns < screen->live->columns; columns++) {
        size_t length = tare__utf8_length(text);
        bool is_control = length == 0 || (length == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f));
        if (is_control)
            fputc('?', screen->out);
        else
            fwrite(text, 1, length, screen->out);
        text += length > 0 ? length : 1;
    }
    fputc('\n', screen->out);
    screen->lines++;
}

/* "+1,200/s", and nothing before there is a screen to compare with. */
static const char *rate(char text[64], const struct tare__live *live, uint64_t now, uint64_t before)
{
    char figure[TARE__FIGURE_BYTES];
    text[0] = '\0';
    if (live->before != NULL && live->seconds > 0)
        snprintf(text, 64, "+%s/s", tare__figure(figure, (int64_t)((double)(now - before) / live->seconds + 0.5)));
    return text;
}

static void write_title(struct screen *screen)
{
    const struct tare__live *live = screen->live;
    char line[TARE__COMMAND_LINE_BYTES + 64], command[TARE__COMMAND_LINE_BYTES];
    size_t room = live->columns > 60 ? live->columns - 40 : 20;
    snprintf(line, sizeof line, "tare top: %s (pid %d), %s", tare__command_line(command, live->process, room),
             live->process->pid, live->state);
    write_line(screen, line);
}

static void write_figures(struct screen *screen)
{
    const struct tare__live *live = screen->live;
    const tare_stats *stats = &live->process->stats, nothing = {0};
    const tare_stats *before = live->before != NULL ? live->before : &nothing;
    char line[256], total[TARE__FIGURE_BYTES], bytes[TARE__FIGURE_BYTES], blocks[TARE__FIGURE_BYTES], per_second[64];
    snprintf(line, sizeof line, "allocations %16s  %-16s  live %15s bytes in %s blocks",
             tare__figure(total, (int64_t)stats->allocations),
             rate(per_second, live, stats->allocations, before->allocations),
             tare__figure(bytes, (int64_t)stats->leaked_bytes),
             tare__figure(blocks, (int64_t)stats->leaked_allocations));
    write_line(screen, line);
    snprintf(line, sizeof line, "bytes       %16s  %-16s  peak %15s bytes%s",
             tare__figure(total, (int64_t)stats->bytes_allocated),
             rate(per_second, live, stats->bytes_allocated, before->bytes_allocated),
             tare__figure(bytes, (int64_t)stats->peak_bytes), stats->inexact != 0 ? "  (inexact)" : "");
    write_line(screen, line);
}

/* ---- Sites ------------------------------------------------------------------- */

/* "read_table < load < main": names alone, from the innermost out, as far as there is
 * room. A function that calls itself is there once. */
static void add_stack(char *line, size_t size, const struct tare__origins *origins, uint32_t stack)
{
    char name[TARE__PLACE_BYTES], before[TARE__PLACE_BYTES] = "";
    struct tare__stack_view view = tare__stack_view(origins, stack);
    struct tare__stack_line place;
    size_t length = strlen(line);
    while (length < size - 1 && tare__stack_view_next(&view, &place)) {
        if (place.hidden || strcmp(tare__function_text(name, &place), before) == 0)
            continue;
        snprintf(line + length, size - length, "%s%s", *before != '\0' ? " < " : "", name);
        strcpy(before, name);
        length = strlen(line);
    }
    if (stack == 0)
        snprintf(line + length, size - length, "(no stack)");
}

static void write_site(struct screen *screen, const struct tare__snapshot_site *site, int64_t total)
{
    const struct tare__live *live = screen->live;
    char line[1024], figure[TARE__FIGURE_BYTES];
    int64_t value = live->metric->figure->value(site);
    snprintf(line, sizeof line, "%18s  %5.1f %%  ", tare__figure(figure, value),
             total > 0 ? (double)value * 100 / (double)total : 0);
    add_stack(line, sizeof line, &live->process->origins, site->stack);
    write_line(screen, line);
}

static int write_sites(struct screen *screen)
{
    const struct tare__live *live = screen->live;
    struct tare__ranking ranking;
    char line[256];
    if (tare__sites_rank(live->process, live->metric, live->metric, &ranking) != 0)
        return ENOMEM;
    snprintf(line, sizeof line, "%17ss  share    %s: %zu site%s", live->metric->figure->unit, live->metric->heading,
             ranking.count, ranking.count == 1 ? "" : "s");
    write_line(screen, line);
    int64_t total = tare__metric_total(live->metric, live->process);
    size_t reserved = live->keys != NULL ? 1 : 0;
    for (size_t i = 0; i < ranking.count && !is_full(screen, reserved); i++)
        write_site(screen, ranking.sites[i], total);
    tare__ranking_free(&ranking);
    return 0;
}

int tare__live_screen(const struct tare__live *live, FILE *out)
{
    struct screen screen = {live, out, 0};
    write_title(&screen);
    write_figures(&screen);
    write_line(&screen, "");
    int error = write_sites(&screen);
    while (live->keys != NULL && live->lines != 0 && !is_full(&screen, 1))
        write_line(&screen, "");
    if (live->keys != NULL)
        write_line(&screen, live->keys);
    return error;
}
