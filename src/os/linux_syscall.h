/* SPDX-License-Identifier: MIT */
/* Raw system calls of Linux: libc's wrappers may be hooked, and set errno.
 * A result of -4095 to -1 is a negated errno value. */
#ifndef TARE__LINUX_SYSCALL_H
#define TARE__LINUX_SYSCALL_H

#include <stdbool.h>
#include <sys/syscall.h>

static inline long tare__syscall(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
#else
#error "tare runs on x86-64 and aarch64"
#endif
}

#define TARE__SYSCALL_ARGUMENTS(number, a, b, c, d, e, f, ...)                                                         \
    tare__syscall((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* TARE__SYSCALL(SYS_close, descriptor): arguments left out are 0. */
#define TARE__SYSCALL(...) TARE__SYSCALL_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline bool tare__syscall_failed(long result)
{
    return result < 0 && result >= -4095;
}

#endif
