/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "thread.h"

#ifdef TARE__NO_PROBES
#define FIRE(...)
#else
#define _SDT_HAS_SEMAPHORES 1
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#define FIRE(...) STAP_PROBEV(__VA_ARGS__)
#define TARE_PROBE_GROUP(group)
#define TARE_PROBE(provider, name, ...) extern unsigned short provider##_##name##_semaphore TARE__HIDDEN;
#include "probes.def"
#undef TARE_PROBE_GROUP
#undef TARE_PROBE
#endif

#define TARE_PROBE_GROUP(group)
#define TARE_PROBE(provider, name, meaning, parameters, ...)                                                           \
    TARE__COLD void tare__probe_##provider##_##name parameters                                                         \
    {                                                                                                                  \
        FIRE(provider, name, __VA_ARGS__);                                                                             \
    }
#include "probes.def"
#undef TARE_PROBE_GROUP
#undef TARE_PROBE

TARE__COLD void *tare__tell_allocation(const struct tare__hot *hot, void *block, size_t size)
{
    tare__probe_tare_alloc(block, size, hot->thread->scope_id);
    if (hot->thread->exclusive)
        tare__probe_LockedAllocator_alloc_locked(block, size);
    return block;
}

TARE__COLD void tare__tell_deallocation(const struct tare__hot *hot, const void *block, size_t size)
{
    tare__probe_tare_free(block, size, hot->thread->scope_id);
    if (hot->thread->exclusive)
        tare__probe_LockedAllocator_dealloc_locked(block, size);
}

TARE__COLD void tare__tell_reallocation(const struct tare__hot *hot, const void *old, const void *fresh,
                                        size_t old_size, size_t size)
{
    tare__probe_tare_realloc(old, fresh, old_size, size, hot->thread->scope_id);
    if (hot->thread->exclusive)
        tare__probe_LockedAllocator_realloc_locked(fresh, size);
}
