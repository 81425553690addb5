/* SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <errno.h>
#include <string.h>

#include "command.h"

int tare__delivery_open(struct tare__delivery *delivery, const char *command, const char *path)
{
    *delivery = (struct tare__delivery){.command = command, .path = path};
    int error = path != NULL ? tare__output_open(&delivery->output, path) : 0;
    return error == 0 ? 0 : tare__complain(TARE__EXIT_UNABLE, "%s: can't write %s: %s", command, path, strerror(error));
}

static int write_stdout(const struct tare__delivery *delivery, int (*write)(const void *context, FILE *out),
                        const void *context)
{
    int error = write(context, stdout);
    if (error == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        error = errno;
    return error == 0 ? 0
                      : tare__complain(TARE__EXIT_UNABLE, "%s: can't write to standard output: %s", delivery->command,
                                       strerror(error));
}

static int write_file(struct tare__delivery *delivery, int (*write)(const void *context, FILE *out),
                      const void *context)
{
    int error = write(context, delivery->output.file);
    if (error == 0)
        error = tare__output_commit(&delivery->output);
    else
        tare__output_discard(&delivery->output);
    return error == 0 ? 0
                      : tare__complain(TARE__EXIT_UNABLE, "%s: can't write %s: %s", delivery->command, delivery->path,
                                       strerror(error));
}

int tare__delivery_close(struct tare__delivery *delivery, int status, int (*write)(const void *context, FILE *out),
                         const void *context)
{
    if (status == 0)
        return delivery->path == NULL ? write_stdout(delivery, write, context) : write_file(delivery, write, context);
    if (delivery->path != NULL)
        tare__output_discard(&delivery->output);
    return status;
}
