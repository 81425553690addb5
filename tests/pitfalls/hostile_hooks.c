/* SPDX-License-Identifier: MIT */
/* Pitfall 14: a preload whose hooks of what an interposer may call at start
 * allocate themselves. Each call is counted. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int hostile_calls;

static void *volatile sink;

static void allocate(void)
{
    hostile_calls++;
    sink = malloc(1000);
    free(sink);
}

char *getenv(const char *name)
{
    (void)name;
    allocate();
    return NULL;
}

char *secure_getenv(const char *name)
{
    return getenv(name);
}

int open(const char *path, int flags, ...)
{
    allocate();
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

int open64(const char *path, int flags, ...)
{
    allocate();
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

int openat(int directory, const char *path, int flags, ...)
{
    allocate();
    return (int)syscall(SYS_openat, directory, path, flags, 0600);
}

int close(int descriptor)
{
    allocate();
    return (int)syscall(SYS_close, descriptor);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
    allocate();
    return (void *)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}

int munmap(void *address, size_t bytes)
{
    allocate();
    return (int)syscall(SYS_munmap, address, bytes);
}

int madvise(void *address, size_t bytes, int advice)
{
    allocate();
    return (int)syscall(SYS_madvise, address, bytes, advice);
}

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    allocate();
    return syscall(SYS_write, descriptor, bytes, count);
}

pid_t getpid(void)
{
    allocate();
    return (pid_t)syscall(SYS_getpid);
}
