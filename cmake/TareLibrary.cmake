# SPDX-License-Identifier: MIT
# The library: one object target for each folder, whose include path holds only
# the folders it may use, so that the build enforces which way data flows.

set(TARE_SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR}/..)

add_library(tare_warnings INTERFACE)
target_compile_options(tare_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<BOOL:${TARE_WERROR}>:-Werror>)

# tare_folder(<target> <folder> SOURCES <files...> USES <folders...>)
function(tare_folder target folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;USES")
  list(TRANSFORM arg_SOURCES PREPEND ${TARE_SOURCE_DIR}/src/${folder}/)
  list(TRANSFORM arg_USES PREPEND ${TARE_SOURCE_DIR}/src/)
  add_library(${target} OBJECT ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${TARE_SOURCE_DIR}/include ${TARE_SOURCE_DIR}/src/${folder} ${arg_USES})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE $<$<NOT:$<BOOL:${TARE_PROBES}>>:TARE__NO_PROBES>)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:-std=gnu17>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:tare_warnings>)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
endfunction()

set(TARE_CAPTURE_SOURCES
  attach.c birth.c blockmap.c boot.c callstack.c canary.c counted.c enter.c environment.c family.c fault.c
  fault_crash.c fault_fork.c fault_leaks.c fault_places.c fault_points.c figures.c fork.c frames.c gate.c
  interpose.c last_walk.c loaded.c module_records.c modules.c noted.c pieces.c pool.c probe.c quiet.c real.c
  record.c
  saved.c scope.c scope_handle.c scope_jumps.c scope_threads.c settle.c site.c site_ends.c site_table.c stack.c start.c store.c task.c thread.c
  thread_hooks.c timeline.c
  unwind_modules.c unwind_rules.c unwind_slow.c unwinder.c watchdog.c wrapped.c)

if(TARE_PROBES)
  list(APPEND TARE_CAPTURE_SOURCES semaphores.S)
  include(CheckIncludeFile)
  check_include_file(sys/sdt.h TARE_HAVE_SDT)
  if(NOT TARE_HAVE_SDT)
    message(FATAL_ERROR "no sys/sdt.h (Debian: systemtap-sdt-dev); -DTARE_PROBES=OFF builds tare without probes")
  endif()
endif()

# Listeners in the kernel find call stacks by frame pointers: where the program has them, ours must not break the chain.
set_source_files_properties(${TARE_SOURCE_DIR}/src/capture/probe.c ${TARE_SOURCE_DIR}/src/capture/record.c PROPERTIES
  COMPILE_OPTIONS -fno-omit-frame-pointer)

# The hot side, once for each way to stand before malloc. It runs inside malloc:
# no vector registers (lazy binding does not save them for us), no builtins (our
# calloc must not be folded into a call of itself), and never -O0, whose frames
# are too deep for small stacks, and for telling a signal handler's call from
# one that the allocator makes.
function(tare_capture target)
  tare_folder(${target} capture SOURCES ${TARE_CAPTURE_SOURCES} USES os layout text)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:-fno-builtin -mgeneral-regs-only -fno-stack-protector>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<OR:$<CONFIG:Debug>,$<STREQUAL:$<CONFIG>,>>>:-O1>)
  target_compile_definitions(${target} PRIVATE ${ARGN})
endfunction()

tare_folder(tare_os os SOURCES linux.c linux_copy.c linux_threads.c USES text)
tare_folder(tare_text text SOURCES text.c)
# They are called from inside malloc, like the hot side.
foreach(target IN ITEMS tare_os tare_text)
  target_compile_options(${target} PRIVATE -fno-builtin -mgeneral-regs-only)
endforeach()
tare_folder(tare_stats explain SOURCES stats.c USES text)
tare_folder(tare_expect expect
  SOURCES
    allocator.c async.c deadlock.c expect.c explain.c explain_library.c
    failure.c fault.c fault_message.c fault_replay.c fault_run.c fault_stacks.c fault_sweep.c kept.c measure.c message.c own_stack.c
    raw_text.c violation.c
  USES os layout text capture explain)
target_compile_definitions(tare_expect PRIVATE
  TARE_LIBRARY_DIRECTORY="${CMAKE_INSTALL_FULL_LIBDIR}" TARE_LIBRARY_VERSION="${PROJECT_VERSION_MAJOR}")
set(tare_common_objects
  $<TARGET_OBJECTS:tare_os> $<TARGET_OBJECTS:tare_text> $<TARGET_OBJECTS:tare_stats> $<TARGET_OBJECTS:tare_expect>)

tare_capture(tare_capture_shared TARE__LINK_MODE="shared")
tare_capture(tare_capture_static TARE__LINK_MODE="static")
tare_capture(tare_capture_wrap TARE__LINK_MODE="wrap" TARE__WRAP)
foreach(mode IN ITEMS shared static)
  target_sources(tare_capture_${mode} PRIVATE ${TARE_SOURCE_DIR}/src/capture/vfork.S)
endforeach()

add_library(tare SHARED ${tare_common_objects} $<TARGET_OBJECTS:tare_capture_shared>)
set_target_properties(tare PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C)
# The unwinder goes into the library, unseen: no program gets libgcc_s for tare's sake.
target_link_options(tare PRIVATE -Wl,-z,defs -Wl,-z,now -static-libgcc -Wl,--exclude-libs,libgcc_eh.a)

add_library(tare_static STATIC ${tare_common_objects} $<TARGET_OBJECTS:tare_capture_static>)
add_library(tare_wrap STATIC ${tare_common_objects} $<TARGET_OBJECTS:tare_capture_wrap>)
set_target_properties(tare_static tare_wrap PROPERTIES LINKER_LANGUAGE C)
set_target_properties(tare_static PROPERTIES EXPORT_NAME static OUTPUT_NAME tare)
set_target_properties(tare_wrap PROPERTIES EXPORT_NAME wrap OUTPUT_NAME tare-wrap)

foreach(target IN ITEMS tare tare_static tare_wrap)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${TARE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_options(${target} INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:${TARE_NO_BUILTIN_FLAGS}>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:${TARE_NO_NEW_ELISION_GNU}>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang,AppleClang>:${TARE_NO_NEW_ELISION_CLANG}>)
endforeach()
# malloc first: a program may name tare behind a library that brings a malloc,
# and --as-needed must not drop what only libc needs.
target_link_libraries(tare_static INTERFACE ${CMAKE_DL_LIBS})
target_link_options(tare_wrap INTERFACE ${TARE_WRAP_FLAGS})

if(TARE_SANITIZE)
  get_property(tare_targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  set_target_properties(${tare_targets} PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

add_library(tare::tare ALIAS tare)
add_library(tare::static ALIAS tare_static)
add_library(tare::wrap ALIAS tare_wrap)
