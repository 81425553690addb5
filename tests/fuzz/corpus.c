/* SPDX-License-Identifier: MIT */
/* usage: corpus DIRECTORY
 * Every input there through the reader, without libFuzzer. */
#include <dirent.h>
#include <fcntl.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **arguments)
{
    int inputs = 0;
    CHECK(count == 2);
    DIR *directory = opendir(arguments[1]);
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        static uint8_t data[65536];
        if (*entry->d_name == '.')
            continue;
        int file = openat(dirfd(directory), entry->d_name, O_RDONLY | O_CLOEXEC);
        CHECK(file >= 0);
        ssize_t size = read(file, data, sizeof data);
        CHECK(size >= 0);
        close(file);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        inputs++;
    }
    closedir(directory);
    CHECK(inputs > 20);
    return 0;
}
