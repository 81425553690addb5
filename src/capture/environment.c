/* SPDX-License-Identifier: MIT */
/* Reads and edits the kernel's own array of variables: libc's `environ` is not
 * set yet when the first allocation happens, and getenv may be hooked. */
#include "environment.h"

#include <stddef.h>
#include <string.h>

#include "capture_store.h"
#include "os.h"

static const char library_name[] = "libtare.so";

static char **find(const char *name)
{
    size_t length = strlen(name);
    char **at = tare__os_environment();
    while (at != NULL && *at != NULL) {
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
            return at;
        at++;
    }
    return NULL;
}

const char *tare__environment_get(const char *name)
{
    char **at = find(name);
    return at != NULL ? *at + strlen(name) + 1 : NULL;
}

static void remove_variable(char **at)
{
    while (at != NULL && *at != NULL) {
        at[0] = at[1];
        at++;
    }
}

/* The entry of a list separated by ':' or ' ' whose file name is ours; its
 * length goes to *length. */
static char *our_entry(char *list, size_t *length)
{
    while (*list != '\0') {
        *length = strcspn(list, ": ");
        const char *name = list;
        for (const char *c = list; c < list + *length; c++)
            if (*c == '/')
                name = c + 1;
        if (strncmp(name, library_name, sizeof library_name - 1) == 0)
            return list;
        list += *length;
        list += strspn(list, ": ");
    }
    return NULL;
}

bool tare__environment_preloaded(void)
{
    char **at = find("LD_PRELOAD");
    size_t length;
    return at != NULL && our_entry(*at + sizeof "LD_PRELOAD", &length) != NULL;
}

enum answer { UNASKED, YES, NO };

/* Unless the variable has that value. */
static bool yes_unless(enum answer *answer, const char *name, const char *no)
{
    if (*answer == UNASKED) {
        const char *value = tare__environment_get(name);
        *answer = value != NULL && strcmp(value, no) == 0 ? NO : YES;
    }
    return *answer == YES;
}

bool tare__environment_follow(void)
{
    static enum answer follow;
    return yes_unless(&follow, TARE__ENVIRONMENT_FOLLOW, "0");
}

bool tare__environment_sites(void)
{
    static enum answer sites;
    return yes_unless(&sites, TARE__ENVIRONMENT_SITES, "off");
}

void tare__environment_forget(void)
{
    remove_variable(find(TARE__ENVIRONMENT_STORE));
    remove_variable(find(TARE__ENVIRONMENT_FOLLOW));
    remove_variable(find(TARE__ENVIRONMENT_SITES));
    char **at = find("LD_PRELOAD");
    if (at == NULL)
        return;
    char *value = *at + sizeof "LD_PRELOAD";
    size_t length;
    char *entry = our_entry(value, &length);
    if (entry == NULL)
        return;
    char *rest = entry + length;
    rest += *rest != '\0';
    memmove(entry, rest, strlen(rest) + 1);
    if (*value == '\0')
        remove_variable(at);
}
