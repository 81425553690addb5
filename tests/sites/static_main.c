/* SPDX-License-Identifier: MIT */
/* The program's main() is program_main() here, and runs in a scope over the process that is saved to SCOPE_FILE. */
#include <stdio.h>
#include <stdlib.h>

#include <tare/tare.h>

int program_main(int count, char **arguments) __attribute__((weak));
int program_main_in_cxx(void) __asm__("_Z12program_mainv") __attribute__((weak));

int main(int count, char **arguments)
{
    const char *path = getenv("SCOPE_FILE");
    tare_scope *scope = tare_open(.domain = TARE_PROCESS);
    int status = program_main != NULL ? program_main(count, arguments) : program_main_in_cxx();
    if (tare_save(scope, path) != 0) {
        perror(path);
        return 1;
    }
    tare_close(scope, NULL);
    return status;
}
