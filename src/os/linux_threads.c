/* SPDX-License-Identifier: MIT */
/* What os.h says of other threads, by /proc and raw system calls. */
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "linux_directory.h"
#include "linux_syscall.h"
#include "os.h"
#include "text.h"

/* A clock of one thread is named by its number (kernel, include/linux/posix-timers.h). */
#define CLOCK_OF_THREAD(id) ((clockid_t)((~(unsigned)(id) << 3) | 6u))

struct directory_entry { /* getdents64(2) */
    uint64_t inode;
    int64_t next;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

static int number_in(const char *text)
{
    int number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (*text - '0');
    return number;
}

bool tare__os_numbers_in(const char *path, void (*visit)(int number, int own, void *context), void *context)
{
    long descriptor = TARE__SYSCALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    char buffer[1024] __attribute__((aligned(8))) = {0}; /* that the kernel fills it is hidden from analysers */
    long bytes;
    while ((bytes = TARE__SYSCALL(SYS_getdents64, descriptor, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < bytes;) {
            const struct directory_entry *entry = (const void *)(buffer + at);
            if (entry->name[0] >= '0' && entry->name[0] <= '9')
                visit(number_in(entry->name), (int)descriptor, context);
            at += entry->bytes;
        }
    TARE__SYSCALL(SYS_close, descriptor);
    return true;
}

struct thread_visit {
    void (*visit)(int id, void *context);
    void *context;
};

static void visit_thread(int id, int own, void *context)
{
    (void)own;
    const struct thread_visit *threads = context;
    threads->visit(id, threads->context);
}

bool tare__os_thread_ids(void (*visit)(int id, void *context), void *context)
{
    struct thread_visit threads = {visit, context};
    return tare__os_numbers_in("/proc/self/task", visit_thread, &threads);
}

/* A file of a thread, NUL-terminated and cut to size; empty where there is none. */
static void read_file(int id, const char *file, char *buffer, size_t size)
{
    char path[64];
    struct tare__text text = tare__text_in(path, sizeof path);
    tare__text_add(&text, "/proc/self/task/");
    tare__text_add_unsigned(&text, (uint64_t)id);
    tare__text_add(&text, "/");
    tare__text_add(&text, file);
    buffer[0] = '\0';
    long descriptor = TARE__SYSCALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    long bytes = TARE__SYSCALL(SYS_read, descriptor, buffer, size - 1);
    buffer[bytes > 0 ? bytes : 0] = '\0';
    TARE__SYSCALL(SYS_close, descriptor);
}

/* The state stands behind the last parenthesis: the name may hold any. */
bool tare__os_thread_runs(int id)
{
    char stat[512];
    read_file(id, "stat", stat, sizeof stat);
    const char *state = NULL;
    for (const char *at = stat; *at != '\0'; at++)
        if (at[0] == ')' && at[1] == ' ')
            state = at + 2;
    return state != NULL && (*state == 'R' || *state == 'D');
}

uint64_t tare__os_thread_cpu_ns(int id)
{
    struct timespec time = {0, 0};
    TARE__SYSCALL(SYS_clock_gettime, CLOCK_OF_THREAD(id), &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void tare__os_thread_name(int id, char *name, size_t size)
{
    read_file(id, "comm", name, size);
    for (; *name != '\0'; name++)
        if (*name == '\n')
            *name = '\0';
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool tare__os_thread_blocked_signals(int id, uint64_t *mask)
{
    static const char key[] = "\nSigBlk:\t";
    char status[4096];
    read_file(id, "status", status, sizeof status);
    for (const char *at = status; *at != '\0'; at++) {
        size_t length = 0;
        while (length < sizeof key - 1 && at[length] == key[length])
            length++;
        if (length < sizeof key - 1)
            continue;
        *mask = 0;
        for (at += length; hex_digit(*at) >= 0; at++)
            *mask = *mask << 4 | (uint64_t)hex_digit(*at);
        return true;
    }
    return false;
}

bool tare__os_signal_thread(int id, int number)
{
    return TARE__SYSCALL(SYS_tgkill, tare__os_pid(), id, number) == 0;
}

void tare__os_yield(void)
{
    TARE__SYSCALL(SYS_sched_yield, 0);
}

bool tare__os_on_signal_stack(void)
{
    stack_t stack = {.ss_flags = 0};
    TARE__SYSCALL(SYS_sigaltstack, NULL, &stack);
    return (stack.ss_flags & SS_ONSTACK) != 0;
}
