/* SPDX-License-Identifier: MIT */
/* NOT static. MODULE plugin_code.c: what a plug-in leaves has its name and line, also where it was closed. */
#include <dlfcn.h>

#include "corpus.h"

static void *open_plugin(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* SITE < main-open: any */ /* SITE < main-open-again: any */
    if (plugin == NULL)
        abort();
    return plugin;
}

static APART void call(void *plugin)
{
    void (*work)(void);
    *(void **)&work = dlsym(plugin, "work"); /* SITE < main-call: any */
    work();                                  /* @call */
    CORPUS_STAY();
}

/* SITE plugin-make < plugin-work < call < main-call: 6 60, leaked 3 30 */
int main(int count, char **arguments)
{
    void *plugin = open_plugin(arguments[count - 1]); /* @main-open */
    for (int i = 0; i < 3; i++) {
        call(plugin); /* @main-call */
        dlclose(plugin);
        plugin = open_plugin(arguments[count - 1]); /* @main-open-again */
    }
    dlclose(plugin);
    return 0;
}
