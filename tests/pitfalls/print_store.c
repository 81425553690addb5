/* SPDX-License-Identifier: MIT */
/* Prints the sums of the stores named by the arguments, a line of name=value
 * pairs for each, for the scripts. */
#include "store_file.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct tare__store *store = store_map(argv[i]);
        if (store == NULL) {
            printf("%s is no whole store\n", argv[i]);
            return 1;
        }
        struct tare__counters sum = store_sum(store);
        printf("forked=%u", store->forked);
#define PRINT(name) printf(" " #name "=%lld", (long long)sum.name);
        TARE__COUNTERS(PRINT)
#undef PRINT
        printf(" leaked_allocations=%lld leaked_bytes=%lld runtime_blocks=%llu runtime_bytes=%llu inexact=%u"
               " program=%s\n",
               (long long)store_leaked_allocations(&sum), (long long)store_leaked_bytes(&sum),
               (unsigned long long)store->runtime_blocks, (unsigned long long)store->runtime_bytes, store->inexact,
               store->program);
    }
    return argc > 1 ? 0 : 1;
}
