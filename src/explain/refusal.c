/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int tare__refuse(struct tare__refusal *refusal, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal->reason, sizeof refusal->reason, format, arguments);
    va_end(arguments);
    return refusal->error = error;
}

int tare__refuse_memory(struct tare__refusal *refusal)
{
    return tare__refuse(refusal, ENOMEM, "there is no memory to read it");
}
