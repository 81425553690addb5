/* SPDX-License-Identifier: MIT */
/* os.h for Linux on x86-64 and aarch64, by raw system calls. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "linux_syscall.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define NS_PER_S 1000000000u

static void *map_from(void *address, size_t bytes, int flags, int descriptor, uint64_t offset)
{
    long result = TARE__SYSCALL(SYS_mmap, address, bytes, PROT_READ | PROT_WRITE, flags, descriptor, offset);
    return tare__syscall_failed(result) ? NULL : (void *)result;
}

static void *map(void *address, size_t bytes, int flags, int descriptor)
{
    return map_from(address, bytes, flags, descriptor, 0);
}

void *tare__os_map(size_t bytes)
{
    void *address = map(NULL, bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (address != NULL)
        TARE__SYSCALL(SYS_madvise, address, bytes, MADV_NOHUGEPAGE);
    return address;
}

void tare__os_unmap(void *address, size_t bytes)
{
    TARE__SYSCALL(SYS_munmap, address, bytes);
}

void tare__os_wipe_on_fork(void *address, size_t bytes)
{
    TARE__SYSCALL(SYS_madvise, address, bytes, MADV_WIPEONFORK);
}

bool tare__os_map_over(void *address, size_t bytes)
{
    return map(address, bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1) != NULL;
}

/* A file that grows past the limit would end the program. */
static bool is_allowed_size(uint64_t bytes)
{
    struct rlimit limit = {0};
    return TARE__SYSCALL(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 && bytes <= limit.rlim_cur;
}

void *tare__os_map_new_file(const char *path, size_t bytes, void *address, int *error)
{
    if (!is_allowed_size(bytes)) {
        *error = EFBIG;
        return NULL;
    }
    long descriptor =
        TARE__SYSCALL(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        *error = (int)-descriptor;
        return NULL;
    }
    void *mapped = NULL;
    long reserved = TARE__SYSCALL(SYS_fallocate, descriptor, 0, 0, bytes);
    if (reserved == 0) {
        mapped = map(address, bytes, address != NULL ? MAP_SHARED | MAP_FIXED : MAP_SHARED, (int)descriptor);
        *error = mapped != NULL ? 0 : ENOMEM;
    } else {
        *error = (int)-reserved;
    }
    TARE__SYSCALL(SYS_close, descriptor);
    if (mapped == NULL)
        TARE__SYSCALL(SYS_unlinkat, AT_FDCWD, path, 0);
    return mapped;
}

void *tare__os_map_file(const char *path, size_t bytes)
{
    struct stat status = {.st_size = 0};
    long descriptor = TARE__SYSCALL(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    void *mapped = NULL;
    if (TARE__SYSCALL(SYS_fstat, descriptor, &status) == 0 && (size_t)status.st_size == bytes)
        mapped = map(NULL, bytes, MAP_SHARED, (int)descriptor);
    TARE__SYSCALL(SYS_close, descriptor);
    return mapped;
}

int tare__os_rename_new(const char *from, const char *to)
{
    long result = TARE__SYSCALL(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (result == -EINVAL) /* a file system that knows no flags */
        result = TARE__SYSCALL(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result < 0)
        TARE__SYSCALL(SYS_unlinkat, AT_FDCWD, from, 0);
    return (int)-result;
}

bool tare__os_make_private(void *address, size_t bytes)
{
    if (bytes == 0)
        return true;
    void *copy = tare__os_map(bytes);
    if (copy == NULL) {
        tare__os_map_over(address, bytes);
        return false;
    }
    memcpy(copy, address, bytes);
    return !tare__syscall_failed(TARE__SYSCALL(SYS_mremap, copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, address));
}

/* A program that has locked itself up by seccomp might be killed for opening a file.
 * A system that doesn't know that, as one that is emulated, has nothing locked up. */
static bool may_grow_file(uint64_t end)
{
    long locked = TARE__SYSCALL(SYS_prctl, PR_GET_SECCOMP);
    return (locked == 0 || locked == -EINVAL) && is_allowed_size(end);
}

void *tare__os_map_more(const char *path, uint64_t offset, size_t bytes)
{
    if (!may_grow_file(offset + bytes))
        return NULL;
    long descriptor = TARE__SYSCALL(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return NULL;
    void *mapped = NULL;
    if (TARE__SYSCALL(SYS_fallocate, descriptor, 0, offset, bytes) == 0)
        mapped = map_from(NULL, bytes, MAP_SHARED, (int)descriptor, offset);
    TARE__SYSCALL(SYS_close, descriptor);
    return mapped;
}

uint64_t tare__os_block_signals(void)
{
    const uint64_t all = ~UINT64_C(0);
    uint64_t blocked = 0;
    TARE__SYSCALL(SYS_rt_sigprocmask, SIG_BLOCK, &all, &blocked, sizeof blocked);
    return blocked;
}

void tare__os_restore_signals(uint64_t blocked)
{
    TARE__SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
}

void tare__os_futex_wait(uint32_t *word, uint32_t expected)
{
    TARE__SYSCALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL);
}

void tare__os_futex_wait_until(uint32_t *word, uint32_t expected, uint64_t deadline_ns)
{
    const struct timespec deadline = {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)};
    TARE__SYSCALL(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

void tare__os_futex_wake(uint32_t *word, int count)
{
    TARE__SYSCALL(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
}

/* A futex is compared before anything is waited for: EAGAIN, or EFAULT. */
bool tare__os_readable(const void *address)
{
    static const struct timespec not_at_all = {0, 0};
    return TARE__SYSCALL(SYS_futex, address, FUTEX_WAIT_PRIVATE, 0x7a7e5afeu, &not_at_all) != -EFAULT;
}

void tare__os_pause(void)
{
    static const struct timespec a_millisecond = {0, 1000000};
    uint32_t nobody_wakes_this = 0;
    TARE__SYSCALL(SYS_futex, &nobody_wakes_this, FUTEX_WAIT_PRIVATE, 0, &a_millisecond);
}

int tare__os_pid(void)
{
    return (int)TARE__SYSCALL(SYS_getpid, 0);
}

int tare__os_thread_id(void)
{
    return (int)TARE__SYSCALL(SYS_gettid, 0);
}

int tare__os_parent_pid(void)
{
    return (int)TARE__SYSCALL(SYS_getppid, 0);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    TARE__SYSCALL(SYS_clock_gettime, clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t tare__os_wall_clock_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

uint64_t tare__os_clock_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* The stack pointer at the program's entry, kept by the loader: the kernel
 * puts argc, argv, NULL, envp, NULL there (System V ABI, "initial stack"). In a
 * static program it is what the entry code has made of it, some words below. */
extern void *__libc_stack_end __attribute__((weak));

static bool is_argc(char **at)
{
    enum { ARGUMENTS_MAX = 1 << 24 };
    intptr_t count = (intptr_t)*at;
    if (count < 0 || count > ARGUMENTS_MAX)
        return false;
    for (intptr_t i = 1; i <= count; i++)
        if (at[i] == NULL)
            return false;
    return at[count + 1] == NULL;
}

static char **find_arguments(void)
{
    enum { ENTRY_WORDS = 4 };
    char **at = &__libc_stack_end != NULL ? __libc_stack_end : NULL;
    for (int i = 0; at != NULL && i < ENTRY_WORDS; i++)
        if (is_argc(at + i))
            return at + i + 1;
    return NULL;
}

/* Found at start-up, before the program changes them. */
char **tare__os_arguments(void)
{
    static char **arguments;
    char **found = __atomic_load_n(&arguments, __ATOMIC_RELAXED);
    if (found == NULL)
        __atomic_store_n(&arguments, found = find_arguments(), __ATOMIC_RELAXED);
    return found;
}

char **tare__os_environment(void)
{
    char **at = tare__os_arguments();
    if (at == NULL)
        return NULL;
    while (*at != NULL)
        at++;
    return at + 1;
}

void tare__os_program_path(char *buffer, size_t size)
{
    long length = TARE__SYSCALL(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, size - 1);
    buffer[length > 0 ? length : 0] = '\0';
}

void tare__os_current_directory(char *buffer, size_t size)
{
    if (TARE__SYSCALL(SYS_getcwd, buffer, size) < 0)
        buffer[0] = '\0';
}
