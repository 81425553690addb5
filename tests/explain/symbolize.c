/* SPDX-License-Identifier: MIT */
/*
 * usage: symbolize [DEBUG_PATH] <stacks
 * Symbolizes what a program of the corpus printed: it becomes a store, is read back
 * and printed, for each stack its name and then its places, the innermost first:
 *
 *     name
 *       function file:line [inlined]
 *
 * and then each module's problem. The names of files are without directories.
 */
#include "symbol.h"

#include <stdlib.h>

#include "check.h"
#include "pieces.h"
#include "recording.h"
#include "store_maker.h"

enum { MOST = 1000 };

static char *names[MOST];
static size_t name_count;
static struct store_maker maker;
static uint32_t modules[MOST], module_count;

static void add_module(char *line)
{
    uint64_t low, end, bias;
    char id[130] = "", module_path[900] = "";
    CHECK(sscanf(line, "module %" SCNx64 " %" SCNx64 " %" SCNx64 " -%129[0-9a-f]", &low, &end, &bias, id) >= 3);
    char *slash = strrchr(line, ' ');
    snprintf(module_path, sizeof module_path, "%s", slash + 1);
    modules[module_count] = store_add_module(&maker, low, end, bias, module_path);
    struct tare__module *module = store_module(&maker, modules[module_count++]);
    for (const char *at = id; at[0] != '\0' && at[1] != '\0'; at += 2)
        sscanf(at, "%2hhx", &module->build_id[module->build_id_bytes++]);
}

static uint32_t module_of(uint64_t address)
{
    for (uint32_t i = 0; i < module_count; i++) {
        const struct tare__module *module = store_module(&maker, modules[i]);
        if (address >= module->low && address < module->end)
            return modules[i];
    }
    return 0;
}

/* "stack NAME ADDRESS[!] ...", the innermost first. The site has as many allocations as
 * its name's number. */
static void add_stack(char *line)
{
    char *addresses[MOST], *rest;
    size_t count = 0;
    strtok_r(line, " ", &rest);
    names[name_count++] = strdup(strtok_r(NULL, " ", &rest));
    while (count < MOST && (addresses[count] = strtok_r(NULL, " ", &rest)) != NULL)
        count++;
    uint32_t frame = 0;
    while (count-- > 0) {
        uint64_t address = strtoull(addresses[count], NULL, 16);
        uint32_t flags = strchr(addresses[count], '!') != NULL ? TARE__FRAME_EXACT : 0;
        frame = store_add_frame(&maker, address, frame, module_of(address), flags);
    }
    store_add_site(&maker, frame, 0, name_count, 1);
}

static void read_stacks(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "module ", 7) == 0)
            add_module(line);
        else if (strncmp(line, "stack ", 6) == 0)
            add_stack(line);
    }
    free(line);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void print_frame(const struct tare__origins *origins, const struct tare__snapshot_frame *frame)
{
    CHECK(frame->place_count > 0);
    for (uint32_t i = 0; i < frame->place_count; i++) {
        const struct tare__place *place = &origins->places[frame->first_place + i];
        printf("  %s", place->function == NULL ? "?" : place->function);
        if (place->file != NULL)
            printf(" %s:%" PRIu32, getenv("WHOLE_PATHS") != NULL ? place->file : last_part(place->file), place->line);
        printf("%s\n", place->inlined ? " inlined" : "");
    }
}

static void print(const struct tare__origins *origins)
{
    for (size_t number = 1; number <= name_count; number++)
        for (size_t i = 0; i < origins->site_count; i++) {
            if (origins->sites[i].allocations != number)
                continue;
            printf("%s\n", names[number - 1]);
            for (uint32_t frame = origins->sites[i].stack; frame != 0; frame = origins->frames[frame].parent)
                print_frame(origins, &origins->frames[frame]);
        }
    for (size_t i = 1; i < origins->module_count; i++)
        if (origins->modules[i].problem != NULL)
            printf("problem: %s %s\n", origins->modules[i].name, origins->modules[i].problem);
}

static void check_progress(size_t done, size_t all, void *last)
{
    CHECK(done <= all && (*(size_t *)last == SIZE_MAX || done >= *(size_t *)last));
    *(size_t *)last = done;
}

int main(int count, char **arguments)
{
    char path[] = "/tmp/tare-symbolize-XXXXXX", reason[256];
    struct tare__snapshot snapshot = {0};
    size_t last = SIZE_MAX;
    maker = store_begin(TARE__STORE_RUN, 1);
    read_stacks();
    store_add_up(&maker);
    close(mkstemp(path));
    store_write(&maker, path);
    CHECK_EQUAL(tare__recording_read_file(path, &snapshot, reason, sizeof reason), 0);
    unlink(path);
    struct tare__symbolize_options options = {
        .progress = check_progress, .context = &last, .debug_path = count > 1 ? arguments[1] : NULL};
    struct tare__origins *origins = &snapshot.processes[0].origins;
    CHECK_EQUAL(tare__symbolize(origins, &options), 0);
    CHECK_EQUAL(last, origins->module_count - 1);
    print(origins);
    tare__snapshot_free(&snapshot);
    store_end(&maker);
    return 0;
}
