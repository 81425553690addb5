/* SPDX-License-Identifier: MIT */
#include "frame_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *tare__path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

const char *tare__frame_name(char buffer[TARE__FRAME_NAME_BYTES], const struct tare__profile *profile, uint32_t frame)
{
    const struct tare__profile_frame *of = &profile->frames[frame];
    if (of->function != NULL && *of->function != '\0')
        return of->function;
    const struct tare__profile_module *module = of->module != TARE__NONE ? &profile->modules[of->module] : NULL;
    const char *name = module != NULL ? tare__path_name(module->path) : "";
    const int name_bytes = TARE__FRAME_NAME_BYTES - 32;
    if (module != NULL && of->address >= module->low && of->address < module->end)
        snprintf(buffer, TARE__FRAME_NAME_BYTES, "%.*s+0x%" PRIx64, name_bytes, name,
                 of->address - module->low + module->offset);
    else if (*name != '\0')
        snprintf(buffer, TARE__FRAME_NAME_BYTES, "[%.*s]", name_bytes, name);
    else if (of->address != 0)
        snprintf(buffer, TARE__FRAME_NAME_BYTES, "0x%" PRIx64, of->address);
    else
        return "[unknown]";
    return buffer;
}
