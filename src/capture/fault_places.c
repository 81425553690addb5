/* SPDX-License-Identifier: MIT */
#include "fault_places.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "capture_pieces.h"
#include "compiler.h"
#include "file_name.h"
#include "frames.h"
#include "loaded.h"

/* The functions by which the program comes there. What they call has no names that the loader knows. */
#define LOADER_FUNCTIONS(X) X(dlopen) X(dlmopen) X(dlclose) X(dlsym) X(dlvsym) X(dlerror) X(dladdr) X(dladdr1) X(dlinfo)
#define TLS_FUNCTIONS(X) X(__tls_get_addr)
#define NSS_FUNCTIONS(X)                                                                                               \
    X(getaddrinfo)                                                                                                     \
    X(getnameinfo)                                                                                                     \
    X(gethostbyname)                                                                                                   \
    X(gethostbyname_r)                                                                                                 \
    X(gethostbyname2)                                                                                                  \
    X(gethostbyname2_r)                                                                                                \
    X(gethostbyaddr)                                                                                                   \
    X(gethostbyaddr_r)                                                                                                 \
    X(gethostent)                                                                                                      \
    X(gethostent_r)                                                                                                    \
    X(getpwnam)                                                                                                        \
    X(getpwnam_r)                                                                                                      \
    X(getpwuid)                                                                                                        \
    X(getpwuid_r)                                                                                                      \
    X(getpwent)                                                                                                        \
    X(getpwent_r)                                                                                                      \
    X(setpwent)                                                                                                        \
    X(endpwent)                                                                                                        \
    X(getgrnam)                                                                                                        \
    X(getgrnam_r)                                                                                                      \
    X(getgrgid)                                                                                                        \
    X(getgrgid_r)                                                                                                      \
    X(getgrent)                                                                                                        \
    X(getgrent_r)                                                                                                      \
    X(setgrent)                                                                                                        \
    X(endgrent)                                                                                                        \
    X(initgroups)                                                                                                      \
    X(getgrouplist)                                                                                                    \
    X(getservbyname)                                                                                                   \
    X(getservbyname_r)                                                                                                 \
    X(getservbyport)                                                                                                   \
    X(getservbyport_r)                                                                                                 \
    X(getservent)                                                                                                      \
    X(getprotobyname)                                                                                                  \
    X(getprotobyname_r)                                                                                                \
    X(getprotobynumber)                                                                                                \
    X(getprotobynumber_r)                                                                                              \
    X(getprotoent)                                                                                                     \
    X(getnetbyname)                                                                                                    \
    X(getnetbyname_r)                                                                                                  \
    X(getnetbyaddr)                                                                                                    \
    X(getnetent)                                                                                                       \
    X(getspnam)                                                                                                        \
    X(getspnam_r)                                                                                                      \
    X(getspent)                                                                                                        \
    X(getrpcbyname)                                                                                                    \
    X(getrpcbynumber)                                                                                                  \
    X(getaliasbyname)                                                                                                  \
    X(getaliasent)                                                                                                     \
    X(innetgr)                                                                                                         \
    X(setnetgrent)                                                                                                     \
    X(getnetgrent)                                                                                                     \
    X(getnetgrent_r)                                                                                                   \
    X(__nss_configure_lookup)                                                                                          \
    X(__nss_database_lookup)                                                                                           \
    X(__nss_hostname_digits_dots)                                                                                      \
    X(__nss_next)

#define AS_LOADER(name) {#name, TARE__FAULT_IN_LOADER},
#define AS_TLS(name) {#name, TARE__FAULT_IN_TLS},
#define AS_NSS(name) {#name, TARE__FAULT_IN_NSS},
static const struct {
    const char *name;
    enum tare__fault_place place;
} functions[] = {LOADER_FUNCTIONS(AS_LOADER) TLS_FUNCTIONS(AS_TLS) NSS_FUNCTIONS(AS_NSS)};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static struct {
    uintptr_t low, end;
    enum tare__fault_place place;
} found[FUNCTIONS];
static uint32_t found_count;

/* ---- Modules ------------------------------------------------------------------- */

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

enum module { OTHER, LIBC, LOADER, NSS };

static enum module module_named(const char *path)
{
    const char *name = tare__file_name(path);
    if (begins_with(name, "ld-linux") || begins_with(name, "ld.so") || begins_with(name, "ld-2"))
        return LOADER;
    if (begins_with(name, "libnss_"))
        return NSS;
    return begins_with(name, "libc.so") || begins_with(name, "libc-2") || begins_with(name, "libresolv.so") ? LIBC
                                                                                                            : OTHER;
}

static int look_into(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    enum module kind = module_named(info->dlpi_name);
    if (kind != LIBC && kind != LOADER)
        return 0;
    const struct tare__loaded module = tare__loaded_read(info);
    for (uint32_t i = 0; i < FUNCTIONS && found_count < FUNCTIONS; i++) {
        const ElfW(Sym) *symbol = tare__loaded_symbol(&module, functions[i].name);
        if (symbol == NULL)
            continue;
        found[found_count].low = module.base + symbol->st_value;
        found[found_count].end = module.base + symbol->st_value + symbol->st_size;
        found[found_count].place = functions[i].place;
        __atomic_store_n(&found_count, found_count + 1, __ATOMIC_RELEASE);
    }
    return 0;
}

void tare__fault_places_look(void)
{
    static uint32_t looked;
    if (__atomic_exchange_n(&looked, 1, __ATOMIC_RELAXED) == 0)
        dl_iterate_phdr(look_into, NULL);
}

/* ---- Places -------------------------------------------------------------------- */

static enum tare__fault_place function_at(uintptr_t address)
{
    uint32_t count = __atomic_load_n(&found_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (address >= found[i].low && address < found[i].end)
            return found[i].place;
    return TARE__FAULT_IN_PROGRAM;
}

/* The innermost frame decides between libc and the loader; a function of NSS or TLS further out, or one of
 * their modules, says more. */
enum tare__fault_place tare__fault_place_of(uint32_t id)
{
    enum tare__fault_place place = TARE__FAULT_IN_PROGRAM;
    for (bool innermost = true; id != 0; innermost = false) {
        const struct tare__frame *frame = tare__frame_at(id);
        enum module module = frame->module != 0 ? module_named(tare__module_at(frame->module)->path) : OTHER;
        if (module == OTHER || (frame->flags & TARE__FRAME_TRUNCATED) != 0)
            break;
        enum tare__fault_place named = function_at(tare__frame_place(frame->address, frame->flags));
        if (named != TARE__FAULT_IN_PROGRAM)
            place = named;
        else if (module == NSS)
            place = TARE__FAULT_IN_NSS;
        else if (innermost)
            place = module == LOADER ? TARE__FAULT_IN_LOADER : TARE__FAULT_IN_LIBC;
        id = frame->parent;
    }
    return place;
}
