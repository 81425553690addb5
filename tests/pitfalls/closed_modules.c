/* SPDX-License-Identifier: MIT */
/*
 * Frames in modules that are closed, and in others that are loaded in their place:
 * each record names its own module, its build ID and the address in the file, and goes
 * on doing so; no walk takes one for the other. Arguments: two modules.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>

#include "looker.h"

enum { ROUNDS = 8 };

static struct looker looker;
static uint32_t found;

static int take_stack(void)
{
    found = look(&looker);
    return 0;
}

typedef int call_from_module(int (*function)(void));

/* The frame in the module, which is the second one. */
static uint32_t frame_through(const char *path, void **module)
{
    *module = dlopen(path, RTLD_NOW);
    CHECK(*module != NULL);
    union {
        void *address;
        call_from_module *call;
    } symbol = {dlsym(*module, "call_from_module")};
    CHECK(symbol.address != NULL);
    for (int i = 0; i < 3; i++)
        symbol.call(take_stack);
    const struct link_map *map = *module;
    uint32_t id = tare__frame_at(found)->parent;
    const struct tare__frame *frame = tare__frame_at(id);
    CHECK(frame->address - 1 > (uintptr_t)symbol.address && frame->address - (uintptr_t)symbol.address < 64);
    CHECK_EQUAL(tare__module_at(frame->module)->bias, map->l_addr);
    return id;
}

static void check_record(uint32_t id, const char *path, uint8_t build_id_begins)
{
    char real[PATH_MAX];
    CHECK(realpath(path, real) != NULL);
    const struct tare__module *module = tare__module_at(tare__frame_at(id)->module);
    CHECK(strcmp(module->path, real) == 0);
    CHECK_EQUAL(module->is_program, 0);
    CHECK_EQUAL(module->path_cut, 0);
    if (strstr(path, "identified") == NULL) {
        CHECK_EQUAL(module->build_id_bytes, 0);
        return;
    }
    CHECK_EQUAL(module->build_id_bytes, 16);
    CHECK_EQUAL(module->build_id[0], build_id_begins);
    CHECK_EQUAL(module->build_id[15], 0xff);
}

/* A path from the directory that the process is in. */
static const char *relative(const char *path, char *buffer)
{
    strcpy(buffer, path);
    CHECK(chdir(dirname(buffer)) == 0);
    strcpy(buffer, "./");
    return strcat(buffer, strrchr(path, '/') + 1);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3 || argc == 1);
    if (argc == 1)
        return 0;
    tare__unwind_start();
    tare__callstack_start();
    void *module;
    char buffer[PATH_MAX];
    uint32_t first[2] = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        int which = round % 2;
        uint32_t id = frame_through(round < 2 ? relative(argv[1 + which], buffer) : argv[1 + which], &module);
        if (round < 2)
            first[which] = id;
        check_record(first[which], argv[1 + which], (uint8_t)(1 + which));
        CHECK(dlclose(module) == 0);
        take_stack();
        const struct tare__frame *frames[2] = {tare__frame_at(first[0]), tare__frame_at(first[which])};
        CHECK(round == 0 || round % 2 == 0 || frames[0]->module != frames[1]->module);
        if (frames[0]->address != frames[1]->address)
            continue;
        CHECK_EQUAL(tare__module_at(frames[1]->module)->load_epoch, which);
        check_record(id, argv[1 + which], (uint8_t)(1 + which)); /* wherever it lies this time */
    }
    check_record(first[0], argv[1], 1);
    check_record(first[1], argv[2], 2);
    dprintf(1, "the modules lay at %s address\n",
            tare__frame_at(first[0])->address == tare__frame_at(first[1])->address ? "the same" : "another");
    return 0;
}
