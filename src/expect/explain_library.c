/* SPDX-License-Identifier: MIT */
/*
 * Where the library is: beside this one; else where it was to be installed; else where the
 * loader looks.
 *
 * The functions of the loader are looked up by name: of a static program that has them
 * linked in, though it calls none, the linker complains.
 */
#include "explain_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "compiler.h"
#include "loaded.h"
#include "modules.h"
#include "own_stack.h"
#include "quiet.h"
#include "text.h"

#define LIBRARY "libtare-explain.so." TARE_LIBRARY_VERSION

static struct {
    __typeof__(dlopen) *open;
    __typeof__(dlsym) *symbol;
    __typeof__(dlerror) *error;
} loader;

static tare__explain_function *function; /* atomic; NULL until it is loaded */

/* ---- The program ------------------------------------------------------------ */

struct program {
    bool has_loader;
    bool has_us; /* tare is linked into it */
};

static int look_at_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct program *program = context;
    uintptr_t own = (uintptr_t)look_at_program;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        program->has_loader |= header->p_type == PT_INTERP;
        program->has_us |= header->p_type == PT_LOAD && own - (info->dlpi_addr + header->p_vaddr) < header->p_memsz;
    }
    return 1; /* it is the first */
}

static struct program look(void)
{
    struct program program = {false, false};
    dl_iterate_phdr(look_at_program, &program);
    return program;
}

static bool find_loader(void)
{
    if (!look().has_loader)
        return false;
    loader.open = (__typeof__(dlopen) *)(uintptr_t)tare__loaded_function("dlopen");
    loader.symbol = (__typeof__(dlsym) *)(uintptr_t)tare__loaded_function("dlsym");
    loader.error = (__typeof__(dlerror) *)(uintptr_t)tare__loaded_function("dlerror");
    return loader.open != NULL && loader.symbol != NULL && loader.error != NULL;
}

/* ---- Loading ---------------------------------------------------------------- */

static void *open_beside(void)
{
    Dl_info info;
    if (look().has_us || dladdr((void *)(uintptr_t)look_at_program, &info) == 0)
        return NULL;
    const char *slash = strrchr(info.dli_fname, '/');
    char path[4096];
    struct tare__text text = tare__text_in(path, sizeof path);
    tare__text_add(&text, info.dli_fname);
    size_t length = slash != NULL ? (size_t)(slash + 1 - info.dli_fname) : 0;
    if (slash == NULL || length >= sizeof path)
        return NULL;
    text = tare__text_in(path + length, sizeof path - length);
    tare__text_add(&text, LIBRARY);
    return text.length < text.size ? loader.open(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

static int load(struct tare__explaining *explaining)
{
    void *library = open_beside();
    if (library == NULL)
        library = loader.open(TARE_LIBRARY_DIRECTORY "/" LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        library = loader.open(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *found = library != NULL ? loader.symbol(library, TARE__EXPLAIN_FUNCTION) : NULL;
    if (found != NULL) {
        __atomic_store_n(&function, (tare__explain_function *)(uintptr_t)found, __ATOMIC_RELEASE);
        return 0;
    }
    const char *problem = loader.error();
    struct tare__text reason = tare__text_in(explaining->reason, sizeof explaining->reason);
    tare__text_add(&reason, problem != NULL ? problem : LIBRARY " is not to be had");
    return ENOENT;
}

/* ---- Calling ---------------------------------------------------------------- */

struct call {
    struct tare__explaining *explaining;
    int error;
};

static void call_library(void *context)
{
    struct call *call = context;
    if (__atomic_load_n(&function, __ATOMIC_ACQUIRE) == NULL)
        call->error = load(call->explaining);
    if (call->error == 0)
        call->error = __atomic_load_n(&function, __ATOMIC_ACQUIRE)(call->explaining);
}

/* Those of faults are the program's own business. */
static void block_signals(sigset_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t signals;
    sigfillset(&signals);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&signals, faults[i]);
    pthread_sigmask(SIG_BLOCK, &signals, before);
}

/* The library opens files and reads them, where a thread may be cancelled. */
static void call_undisturbed(struct call *call)
{
    sigset_t signals;
    int cancelling, saved_errno = errno;
    block_signals(&signals);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
    struct tare__thread *mine = tare__quiet_begin();
    if (mine != NULL) {
        unsigned modules = tare__modules_own_begin();
        tare__on_own_stack(call_library, call);
        tare__modules_own_end(modules);
        tare__quiet_end(mine);
    } else {
        call->error = EBUSY;
    }
    pthread_setcancelstate(cancelling, &cancelling);
    pthread_sigmask(SIG_SETMASK, &signals, NULL);
    errno = saved_errno;
}

int tare__explain_by_library(struct tare__explaining *explaining)
{
    struct call call = {explaining, 0};
    explaining->version = tare_version();
    struct tare__text reason = tare__text_in(explaining->reason, sizeof explaining->reason);
    if (!find_loader()) {
        tare__text_add(&reason, "the program is static");
        return ENOTSUP;
    }
    call_undisturbed(&call);
    return call.error;
}
