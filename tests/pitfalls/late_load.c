/* SPDX-License-Identifier: MIT */
/*
 * Pitfall 18: libtare loaded by dlopen when nearly all static TLS is taken. It
 * fits, the program goes on, and it says that it isn't attached. Arguments:
 * libtare, a library with dynamic TLS, and fillers (copies of one library that
 * takes static TLS), more than can be loaded.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

static bool fill(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        return false;
    void (*fill_tls)(void);
    *(void **)&fill_tls = dlsym(module, "fill_tls");
    CHECK(fill_tls != NULL);
    fill_tls();
    return true;
}

static int error;

static void note(const tare_failure *failure, void *context)
{
    (void)context;
    error = failure->error;
}

int main(int count, char **arguments)
{
    CHECK(count > 4);
    CHECK(fill(arguments[2]));
    /* In a child: how many fit? */
    pid_t child = fork();
    if (child == 0) {
        int fitting = 0;
        while (fitting + 3 < count && fill(arguments[fitting + 3]))
            fitting++;
        _exit(fitting);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    int fitting = WEXITSTATUS(status);
    CHECK(fitting > 1 && fitting < count - 3);
    for (int i = 0; i < fitting - 1; i++)
        CHECK(fill(arguments[i + 3]));

    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        dprintf(2, "%s\n", dlerror());
    CHECK(library != NULL);

    bool (*is_attached)(void);
    tare_scope *(*open_with)(const tare_options *options);
    void (*set_handler)(tare_failure_handler, void *, tare_failure_handler *, void **);
    *(void **)&is_attached = dlsym(library, "tare_is_attached");
    *(void **)&open_with = dlsym(library, "tare_open_with");
    *(void **)&set_handler = dlsym(library, "tare_set_failure_handler");
    CHECK(is_attached != NULL && open_with != NULL && set_handler != NULL);
    CHECK(!is_attached());
    set_handler(note, NULL, NULL, NULL);
    CHECK(open_with(&(tare_options){.name = NULL}) == NULL);
    CHECK_EQUAL(error, TARE_ERROR_NOT_ATTACHED);

    char *block = malloc(100);
    CHECK(block != NULL);
    free(realloc(block, 1000));
    return 0;
}
