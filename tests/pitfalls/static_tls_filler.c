/* SPDX-License-Identifier: MIT */
/* Pitfall 18: a library that takes FILLER_BYTES of the static TLS that glibc
 * keeps for libraries loaded late; or without, 1 MiB of dynamic TLS. */
#ifdef FILLER_BYTES
__attribute__((tls_model("initial-exec"))) static __thread volatile char filler[FILLER_BYTES];
#else
static __thread volatile char filler[1 << 20];
#endif

void fill_tls(void);

void fill_tls(void)
{
    filler[1] = 1;
}
