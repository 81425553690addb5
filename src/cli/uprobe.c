/* SPDX-License-Identifier: MIT */
#include "uprobe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe_note.h"

#define TRACING "/sys/kernel/tracing"

static bool is_there(struct tare__uprobe *uprobe)
{
    static const char *const places[] = {TRACING, "/sys/kernel/debug/tracing"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(uprobe->control, sizeof uprobe->control, "%s/uprobe_events", places[i]);
        if (access(uprobe->control, F_OK) == 0)
            return true;
    }
    return false;
}

int tare__uprobe_check(struct tare__uprobe *uprobe, char *reason, size_t size)
{
    *uprobe = (struct tare__uprobe){.control = ""};
    if (!is_there(uprobe)) {
        if (access(TRACING "/events", F_OK) == 0) {
            snprintf(reason, size, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)");
            return ENOSYS;
        }
        snprintf(reason, size, "tracefs is not mounted, or not for you: as root, mount -t tracefs nodev %s", TRACING);
        return ENOENT;
    }
    if (access(uprobe->control, W_OK) == 0)
        return 0;
    int error = errno;
    snprintf(reason, size, "%s can't be written: %s; that takes root", uprobe->control, strerror(error));
    return error;
}

/* ---- Arguments --------------------------------------------------------------- */

/* A register by the kernel's name: %rdi is %di there, x0 is %x0. */
static size_t take_register(const char *text, char *name, size_t size)
{
    size_t length = strspn(text + (*text == '%'), "abcdefghijklmnopqrstuvwxyz0123456789");
    const char *from = text + (*text == '%');
    size_t taken = (size_t)(from - text) + length;
#if defined(__x86_64__)
    if (length == 3 && from[0] == 'r' && !isdigit((unsigned char)from[1])) {
        from++;
        length--;
    }
#endif
    snprintf(name, size, "%%%.*s", (int)length, from);
    return length > 0 ? taken : 0;
}

/* "8@%rdi", "-8@16(%rsp)", "8@$5": as "arg1=%di:u64". Returns how much was taken, 0 for
 * what is no such argument. */
static size_t take_argument(const char *text, int number, char *out, size_t size)
{
    int bytes = 0, length = 0;
    long value = 0;
    char name[16];
    if (sscanf(text, "%d@%n", &bytes, &length) != 1 || length == 0)
        return 0;
    char sign = bytes < 0 ? 's' : 'u';
    int bits = 8 * (bytes < 0 ? -bytes : bytes), more = 0;
    const char *at = text + length;
    if (*at == '$' && sscanf(at, "$%li%n", &value, &more) == 1) {
        snprintf(out, size, " arg%d=\\%ld:%c%d", number, value, sign, bits);
        return (size_t)length + (size_t)more;
    }
    if (*at == '-' || isdigit((unsigned char)*at)) {
        if (sscanf(at, "%ld%n", &value, &more) != 1)
            return 0;
        at += more;
    }
    bool in_memory = *at == '(';
    at += in_memory ? 1 : 0;
    size_t taken = take_register(at, name, sizeof name);
    if (taken == 0 || (in_memory && at[taken] != ')'))
        return 0;
    at += taken + (in_memory ? 1 : 0);
    if (in_memory)
        snprintf(out, size, " arg%d=%+ld(%s):%c%d", number, value, name, sign, bits);
    else
        snprintf(out, size, " arg%d=%s:%c%d", number, name, sign, bits);
    return (size_t)(at - text);
}

static bool translate(const char *arguments, char *out, size_t size)
{
    *out = '\0';
    for (int number = 1; *arguments != '\0'; number++) {
        size_t length = strlen(out), taken = take_argument(arguments, number, out + length, size - length);
        if (taken == 0)
            return false;
        arguments += taken;
        arguments += strspn(arguments, " ");
    }
    return true;
}

/* ---- Adding and removing -------------------------------------------------------- */

/* A line for the kernel, in one write. */
static int tell(const char *control, const char *line)
{
    int file = open(control, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0)
        return errno;
    int error = write(file, line, strlen(line)) < 0 ? errno : 0;
    close(file);
    return error;
}

/* Events of those who were killed and could not. One that is in use stays. */
static void remove_left(const char *control)
{
    char line[2048], group[64], name[64];
    FILE *file = fopen(control, "re");
    for (int pid; file != NULL && fgets(line, sizeof line, file) != NULL;)
        if (sscanf(line, "p:%63[^/]/%63s", group, name) == 2 && sscanf(group, "trace_%d_", &pid) == 1 &&
            kill(pid, 0) != 0 && errno == ESRCH) {
            snprintf(line, sizeof line, "-:%s/%s", group, name);
            tell(control, line);
        }
    if (file != NULL)
        fclose(file);
}

int tare__uprobe_add(struct tare__uprobe *uprobe, const char *file, const char *probe, char *reason, size_t size)
{
    struct tare__probe_note note;
    char line[PATH_MAX + 1024], arguments[512];
    int error = tare__probe_note_find(file, probe, &note);
    if (error != 0) {
        snprintf(reason, size, "%s: %s", file, error == ENOENT ? "there is no such probe in it" : strerror(error));
        return error;
    }
    if (strpbrk(file, " \t\n") != NULL || !translate(note.arguments, arguments, sizeof arguments)) {
        snprintf(reason, size, "the kernel can't be told of '%s' in %s", note.arguments, file);
        return EINVAL;
    }
    remove_left(uprobe->control);
    const char *colon = strchr(probe, ':');
    snprintf(uprobe->group, sizeof uprobe->group, "trace_%d_%.*s", getpid(), (int)(colon - probe), probe);
    snprintf(uprobe->name, sizeof uprobe->name, "%s", colon + 1);
    int length = snprintf(line, sizeof line, "p:%s/%s %s:0x%" PRIx64, uprobe->group, uprobe->name, file, note.offset);
    if (note.semaphore_offset != 0)
        length += snprintf(line + length, sizeof line - (size_t)length, "(0x%" PRIx64 ")", note.semaphore_offset);
    snprintf(line + length, sizeof line - (size_t)length, "%s", arguments);
    error = tell(uprobe->control, line);
    uprobe->exists = error == 0;
    if (error != 0)
        snprintf(reason, size, "the kernel refuses '%s': %s", line, strerror(error));
    return error;
}

int tare__uprobe_remove(struct tare__uprobe *uprobe)
{
    char line[160];
    if (!uprobe->exists)
        return 0;
    snprintf(line, sizeof line, "-:%s/%s", uprobe->group, uprobe->name);
    int error = tell(uprobe->control, line);
    uprobe->exists = error != 0;
    return error;
}
