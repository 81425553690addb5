/* SPDX-License-Identifier: MIT */
/* What a scope's file says, held against the model. */
#ifndef SCOPE_FILE_H
#define SCOPE_FILE_H

#include "model.h"

struct scope_file_totals {
    uint64_t sites;
    uint64_t shares; /* of those, with bytes at the peak */
};

/* Ends the test where a figure is another. `where` is what it then begins with. */
void scope_file_check(const char *path, const struct model_scope *expected, const char *where,
                      struct scope_file_totals *totals);
void scope_file_check_statistics(const tare_stats *actual, const struct model_scope *expected, const char *where);

#endif
