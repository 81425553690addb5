/* SPDX-License-Identifier: MIT */
/* Pitfall 18: a library that takes FILLER_BYTES of the static TLS that glibc
 * keeps for libraries loaded late, and 1 MiB of dynamic TLS. */
#include <stddef.h>

__attribute__((tls_model("initial-exec"))) __thread char filler[FILLER_BYTES];
static __thread char heavy[1 << 20];

char *filler_address(void);

char *filler_address(void)
{
    return &filler[1] + (heavy[5] != 0);
}
