/* SPDX-License-Identifier: MIT */
/* Whether a recorded process still runs. */
#ifndef TARE__RUNNING_H
#define TARE__RUNNING_H

#include <stdbool.h>
#include <stdint.h>

/* True while process `pid` has the file of this name and number mapped: a pid alone
 * may be that of another process by now, or of the next image, and a name that of
 * a copy. Where the system does not tell, true while there is such a pid. */
bool tare__is_running(int pid, const char *file_name, uint64_t inode);

#endif
