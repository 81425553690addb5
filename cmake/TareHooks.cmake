# SPDX-License-Identifier: MIT
# What the build needs of the list of interposed functions, read from the list
# itself: the linker's --wrap flags, and the compiler's flags against elision.

set(TARE_HOOKS_FILE ${CMAKE_CURRENT_LIST_DIR}/../src/capture/hooks.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TARE_HOOKS_FILE})
file(STRINGS ${TARE_HOOKS_FILE} tare_hook_lines REGEX "^TARE_HOOK")

set(TARE_HOOKS)
foreach(line IN LISTS tare_hook_lines)
  string(REGEX REPLACE "^TARE_HOOK\\([^,]*, ([a-z_]+),.*" "\\1" name "${line}")
  list(APPEND TARE_HOOKS ${name})
endforeach()

list(TRANSFORM TARE_HOOKS PREPEND "-Wl,--wrap=" OUTPUT_VARIABLE TARE_WRAP_FLAGS)

# gcc and clang know these and delete calls whose block goes unused. strdup and
# strndup are not interposed, but clang deletes them as well.
set(TARE_NO_BUILTIN_FLAGS)
foreach(name IN ITEMS malloc calloc realloc free reallocarray aligned_alloc memalign posix_memalign valloc pvalloc
                      strdup strndup)
  list(APPEND TARE_NO_BUILTIN_FLAGS -fno-builtin-${name})
endforeach()
# new and delete: gcc has a flag of its own, clang listens to the general one.
set(TARE_NO_NEW_ELISION_GNU -fno-allocation-dce)
set(TARE_NO_NEW_ELISION_CLANG -fno-builtin)
