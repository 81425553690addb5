# SPDX-License-Identifier: MIT
# What the build needs of the list of interposed functions, read from the list
# itself: the linker's --wrap flags, and the compiler's flags against elision.

# tare_read_hooks(<variable> <file>): the names in a list of hooks.
function(tare_read_hooks variable file)
  set(file ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src/capture/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^TARE_HOOK")
  set(names)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^TARE_HOOK\\([^,]*, ([a-z_]+),.*" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
  set(${variable} ${names} PARENT_SCOPE)
endfunction()

tare_read_hooks(TARE_HOOKS hooks.def)
tare_read_hooks(TARE_THREAD_HOOKS thread_hooks.def)
set(TARE_WRAP_FLAGS ${TARE_HOOKS} ${TARE_THREAD_HOOKS})
list(TRANSFORM TARE_WRAP_FLAGS PREPEND "-Wl,--wrap=")
# Without this header in a static program (gcc leaves it out there) call stacks are found slowly.
list(APPEND TARE_WRAP_FLAGS "-Wl,--eh-frame-hdr")

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
