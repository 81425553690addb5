/* SPDX-License-Identifier: MIT */
/* What lists of sites do not show, and why. */
#include <inttypes.h>
#include <stddef.h>

#include "phrase.h"
#include "sites.h"
#include "sites_text.h"
#include "stack_view.h"

#define PLURAL(count) ((count) == 1 ? "" : "s")

static void write_blocks(const struct tare__set_apart *apart, FILE *out)
{
    char blocks[TARE__FIGURE_BYTES], bytes[TARE__FIGURE_BYTES];
    fprintf(out, "%s block%s %s byte%s", tare__figure(blocks, apart->blocks), PLURAL(apart->blocks),
            tare__figure(bytes, apart->bytes), PLURAL(apart->bytes));
}

void tare__report_pools(const struct tare__process *process, unsigned indent, FILE *out)
{
    struct tare__set_apart apart[TARE__SET_APART_MAX];
    size_t count = tare__sites_pools(process, apart);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, i == 0 ? "%*skept by the runtime: %s " : "%*s, %s ", i == 0 ? (int)indent : 0, "", apart[i].name);
        write_blocks(&apart[i], out);
    }
    if (count > 0)
        fputc('\n', out);
    count = tare__sites_suppressed(process, apart);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%*ssuppressed: ", (int)indent, "");
        write_blocks(&apart[i], out);
        fprintf(out, " by leak:%s\n", apart[i].name);
    }
}

static void write_siteless(const struct tare__origins *origins, unsigned indent, FILE *out)
{
    char allocations[TARE__FIGURE_BYTES], bytes[TARE__FIGURE_BYTES], live[TARE__FIGURE_BYTES];
    int64_t any = origins->siteless_allocations | origins->siteless_bytes | origins->siteless_live_bytes;
    if (origins->site_count == 0 || any == 0) /* stacks were not asked for */
        return;
    fprintf(out, "%*swithout a site: %s allocation%s, %s bytes, of which live %s\n", (int)indent, "",
            tare__figure(allocations, origins->siteless_allocations), PLURAL(origins->siteless_allocations),
            tare__figure(bytes, origins->siteless_bytes), tare__figure(live, origins->siteless_live_bytes));
}

/* How often each reason for a missing end stands in the stacks of the sites. */
static void write_truncated(const struct tare__origins *origins, unsigned indent, FILE *out)
{
    enum { REASONS = 4 };
    size_t stacks[REASONS] = {0};
    for (size_t i = 0; i < origins->site_count; i++) {
        struct tare__stack_view view = tare__stack_view(origins, origins->sites[i].stack);
        struct tare__stack_line line;
        while (tare__stack_view_next(&view, &line))
            if (line.truncated && !line.hidden)
                stacks[line.frame->address < REASONS ? line.frame->address : 0]++;
    }
    for (size_t reason = 0; reason < REASONS; reason++)
        if (stacks[reason] > 0)
            fprintf(out, "%*s%zu stack%s %s truncated: %s\n", (int)indent, "", stacks[reason], PLURAL(stacks[reason]),
                    stacks[reason] == 1 ? "is" : "are", tare__truncation_text(reason));
}

void tare__report_gaps(const struct tare__process *process, unsigned indent, FILE *out)
{
    const struct tare__origins *origins = &process->origins;
    write_truncated(origins, indent, out);
    write_siteless(origins, indent, out);
    for (size_t i = 1; i < origins->module_count; i++)
        if (origins->modules[i].problem != NULL)
            fprintf(out, "%*sno symbols of %s: %s\n", (int)indent, "", origins->modules[i].name,
                    origins->modules[i].problem);
}
