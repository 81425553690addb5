/* SPDX-License-Identifier: MIT */
/*
 * What tare asks of an operating system: a written contract, with one file an
 * OS behind it. Everything here is called from inside malloc, before libc is
 * up, in a forked child and under seccomp, so every implementation
 *   - calls no libc function (those may be hooked, may allocate, may lock),
 *   - leaves errno alone: errors come back as a negative number or NULL,
 *   - allocates nothing and takes no lock.
 * After start-up only map, unmap, futex and write are used (and getpid after a
 * vfork), so that a program may lock itself up with seccomp.
 */
#ifndef TARE__OS_H
#define TARE__OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of a user-space address. Blocks above are not remembered. */
#if defined(__x86_64__)
#define TARE__ADDRESS_BITS 47
#else
#define TARE__ADDRESS_BITS 48
#endif

/* The largest page the system may use: what is to be page-aligned alone. */
#if defined(__x86_64__)
#define TARE__PAGE_BYTES 4096
#else
#define TARE__PAGE_BYTES 65536
#endif

/* A signal handler's frame is at least this far below the one it interrupts: the
 * kernel keeps the registers in between. */
#if defined(__x86_64__)
#define TARE__SIGNAL_FRAME_BYTES 1024
#else
#define TARE__SIGNAL_FRAME_BYTES 4096
#endif

/* Zeroed private memory in pages of the usual size, never huge ones, touched
 * only when it is used. NULL where there is none. */
void *tare__os_map(size_t bytes);
void tare__os_unmap(void *address, size_t bytes);

/* Makes this much of private memory read as zeros in a child of fork, _Fork or
 * clone. A system that can't leaves it be: then only fork() is noticed. */
void tare__os_wipe_on_fork(void *address, size_t bytes);

/* Replaces what is mapped at address by zeroed private memory. */
bool tare__os_map_over(void *address, size_t bytes);

/* Whether the 4 bytes at an address, a multiple of 4, can be read. */
bool tare__os_readable(const void *address);

/* Creates a file that does not exist yet, reserves all its bytes on the disk
 * (a full disk is an error here and not a SIGBUS later), and maps it shared,
 * at address if that is not NULL. NULL on failure, with *error a positive
 * errno value. A file that exists gives EEXIST. */
void *tare__os_map_new_file(const char *path, size_t bytes, void *address, int *error);

/* Reserves and maps as many bytes more of such a file, from offset on, which is its
 * end. NULL where that can't be, or where trying it could end the program. */
void *tare__os_map_more(const char *path, uint64_t offset, size_t bytes);

/* Maps a file of just so many bytes, shared. NULL where there is none. */
void *tare__os_map_file(const char *path, size_t bytes);

/* Renames a file that was just made. 0 or an errno value; EEXIST where there is one of
 * that name. On an error it is removed. */
int tare__os_rename_new(const char *from, const char *to);

/* Has what is mapped at address be this process's own, with the same contents.
 * False where there is no memory; then it is all zeros. */
bool tare__os_make_private(void *address, size_t bytes);

/* Waits while *word is expected; may wake for no reason. Wakes up to count. */
void tare__os_futex_wait(uint32_t *word, uint32_t expected);
void tare__os_futex_wait_until(uint32_t *word, uint32_t expected, uint64_t deadline_ns); /* of the clock below */
void tare__os_futex_wake(uint32_t *word, int count);

/* Gives another thread about a millisecond. By a futex: see above. */
void tare__os_pause(void);

/* For a thread that holds the others up (gate.h), and not in a program that has
 * locked itself up by seccomp: other threads of this process by the kernel's
 * number, from /proc. */
bool tare__os_thread_ids(void (*visit)(int id, void *context), void *context); /* false where they can't be listed */
bool tare__os_thread_runs(int id);       /* neither asleep nor gone; also where it can't be told */
uint64_t tare__os_thread_cpu_ns(int id); /* its processor time so far */
void tare__os_thread_name(int id, char *name, size_t size);
bool tare__os_thread_blocked_signals(int id, uint64_t *mask); /* bit N - 1 for signal N */
bool tare__os_signal_thread(int id, int number);
void tare__os_yield(void);
uint64_t tare__os_block_signals(void); /* all, for the calling thread; returns what was blocked before */
void tare__os_restore_signals(uint64_t blocked);
bool tare__os_on_signal_stack(void); /* the calling thread, by sigaltstack */
int tare__os_pid(void);
int tare__os_thread_id(void);
int tare__os_parent_pid(void);
uint64_t tare__os_wall_clock_ns(void);
uint64_t tare__os_clock_ns(void); /* since some moment before; never goes back */

/* A copy of this process, of its calling thread alone, that no handler of fork() hears
 * of and whose end no signal tells. It dies with this thread. */
struct tare__os_copy {
    int pid;   /* 0 in the copy */
    int watch; /* a descriptor that tells of its end, until it was waited for; -1 where there are none */
};
bool tare__os_copy_process(struct tare__os_copy *copy); /* false: there is none */

/* Waits until it has ended, *status as of waitpid(); false where that took longer and it
 * was killed. */
bool tare__os_copy_wait(const struct tare__os_copy *copy, uint64_t timeout_ms, int *status);
void tare__os_end(int status) __attribute__((noreturn)); /* as by _exit() */
bool tare__os_has_children(void);                        /* this process, that it could wait for */

/* What a copy shares with this process by a descriptor. */
enum tare__os_sharing {
    TARE__OS_SHARES_NOTHING,
    TARE__OS_SHARES_OFFSET,  /* of a file or directory that is read */
    TARE__OS_SHARES_WRITTEN, /* a file that may be written to */
    TARE__OS_SHARES_STREAM   /* a pipe, a socket, a terminal ... : what one reads the other does not */
};
enum tare__os_sharing tare__os_sharing(int descriptor, int64_t *offset); /* set for SHARES_OFFSET */
void tare__os_seek(int descriptor, int64_t offset);
bool tare__os_descriptors(void (*visit)(int descriptor, void *context), void *context); /* false: can't be listed */
struct tare__os_file {
    uint64_t device, number; /* 0 where it is closed */
};
struct tare__os_file tare__os_file(int descriptor); /* the same for what is the same file */
void tare__os_silence(int descriptor);              /* what is written there goes nowhere from now on */

/* The program's arguments and environment as the kernel passed them, usable
 * before libc has set its own variables. The arrays end with NULL; NULL where
 * they can't be had. */
char **tare__os_arguments(void);
char **tare__os_environment(void);

/* The path of the running program, NUL-terminated and cut to size. Empty where
 * it can't be had. */
void tare__os_program_path(char *buffer, size_t size);

/* The same of the directory it is in. To be asked at start-up only. */
void tare__os_current_directory(char *buffer, size_t size);

/* True while the process has never had a second thread. A compiler barrier is
 * enough then where an atomic operation would be needed otherwise. False where
 * the system does not tell. Inline because it is asked for each call that a
 * scope over several threads counts. */
extern char __libc_single_threaded __attribute__((weak));
static inline bool tare__os_single_threaded(void)
{
    return &__libc_single_threaded != NULL && __libc_single_threaded != 0;
}

#endif
