# SPDX-License-Identifier: MIT
# Pitfalls 1 to 20: what compilers, linkers, loaders and start-up do. And those
# that stand on the same ground: 44 and 46 (what the allocator sees), 48 (what
# registers are used), 63 (tare's own memory).

tare_test(pitfall_12_boot_arena boot_arena.c
  ${PROJECT_SOURCE_DIR}/src/capture/boot.c ${PROJECT_SOURCE_DIR}/src/os/linux.c LIBRARY none)
target_include_directories(pitfall_12_boot_arena PRIVATE ${PROJECT_SOURCE_DIR}/src/capture ${PROJECT_SOURCE_DIR}/src/os)
target_compile_definitions(pitfall_12_boot_arena PRIVATE TARE__BOOT_FIRST_BYTES=512)
tare_test(pitfall_15_errno_kept errno_kept.c)

if(TARE_SANITIZE)
  return()
endif()

string(JOIN " " no_builtin_flags ${TARE_NO_BUILTIN_FLAGS})
string(JOIN " " wrap_flags ${TARE_WRAP_FLAGS})
# script(<test> <file> [NAME=value...]): as tare_script_test, with the flags and more in the environment.
function(pitfall_script name script)
  tare_script_test(${name} ${script})
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
    "NO_BUILTIN_FLAGS=${no_builtin_flags}" "WRAP_FLAGS=${wrap_flags}"
    "NO_NEW_ELISION_GNU=${TARE_NO_NEW_ELISION_GNU}" "NO_NEW_ELISION_CLANG=${TARE_NO_NEW_ELISION_CLANG}"
    LIBTARE_STATIC=$<TARGET_FILE:tare_static> LIBTARE_WRAP=$<TARGET_FILE:tare_wrap> ${ARGN})
endfunction()
# pitfall_program(<target> <sources...> [LIBRARIES <...>]): a program that several tests run.
function(pitfall_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:C>:-std=gnu17> ${TARE_NO_BUILTIN_FLAGS})
  target_link_libraries(${name} PRIVATE tare_warnings ${arg_LIBRARIES})
endfunction()
# pitfall_module(<target> <sources...>): a shared library that knows nothing of tare.
function(pitfall_module name)
  add_library(${name} SHARED ${ARGN})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_compile_options(${name} PRIVATE -fno-builtin)
  target_link_libraries(${name} PRIVATE tare_warnings)
endfunction()
# pitfall_run(<test> <target> [arguments...])
function(pitfall_run name program)
  add_test(NAME ${name} COMMAND ${program} ${ARGN})
  tare_test_properties(${name} "")
endfunction()

# 1 to 5: the compiler.
pitfall_script(pitfall_01_elision_in_c elision.sh SOURCE=elided.c "COMPILERS=gcc clang")
pitfall_script(pitfall_02_elision_in_cxx elision.sh SOURCE=elided.cc "COMPILERS=g++ clang++")
pitfall_script(pitfall_03_spellings spellings.sh)
pitfall_script(pitfall_04_self_call self_call.sh)
pitfall_script(pitfall_05_wrapper_frame wrapper_frame.sh)

# 6 to 9: the ways to link.
pitfall_program(link_mode_shared link_mode.c LIBRARIES tare)
pitfall_run(pitfall_06_link_mode_shared link_mode_shared shared 4)
pitfall_program(link_mode_static link_mode.c LIBRARIES tare_static)
pitfall_run(pitfall_06_link_mode_static link_mode_static static 4)
pitfall_program(link_mode_wrap link_mode.c LIBRARIES tare_wrap)
pitfall_run(pitfall_06_link_mode_wrap link_mode_wrap wrap 3)
pitfall_program(link_mode_preload link_mode.c)
target_compile_definitions(link_mode_preload PRIVATE TEST_WEAK)
pitfall_run(pitfall_06_link_mode_preload link_mode_preload preload 4)
set_tests_properties(pitfall_06_link_mode_preload PROPERTIES ENVIRONMENT LD_PRELOAD=$<TARGET_FILE:tare>)
pitfall_script(pitfall_07_static_program static_program.sh)
pitfall_module(module_allocates module_allocates.c)
tare_test(pitfall_08_only_a_library_allocates only_a_library_allocates.c LIBRARY tare_static LIBRARIES module_allocates)
# A malloc named before the archive must not keep the archive's out.
pitfall_module(module_own_malloc module_allocates.c)
target_compile_definitions(module_own_malloc PRIVATE OWN_MALLOC)
target_compile_options(module_own_malloc PRIVATE -fsemantic-interposition) # else clang -O2 takes its own malloc inline
tare_test(pitfall_08_behind_another_malloc only_a_library_allocates.c LIBRARY tare_static LIBRARIES module_own_malloc)
tare_test(pitfall_08_only_new only_new.cc LIBRARY tare_static)
pitfall_module(module_makes_thread module_makes_thread.c)
tare_test(pitfall_08_static_threads static_threads.c LIBRARY tare_static LIBRARIES module_makes_thread)
tare_test(pitfall_08_static_std_thread static_threads.cc LIBRARY tare_static)
pitfall_script(pitfall_09_hidden_malloc hidden_malloc.sh)

# 10 and 11: modules loaded later.
pitfall_module(module_symbolic module_allocates.c)
target_compile_definitions(module_symbolic PRIVATE OWN_MALLOC)
target_link_options(module_symbolic PRIVATE -Wl,-Bsymbolic)
pitfall_program(bypass bypass.c LIBRARIES tare)
foreach(way IN ITEMS ordinary deepbind dlmopen)
  pitfall_run(pitfall_10_bypass_${way} bypass ${way} $<TARGET_FILE:module_allocates>)
endforeach()
pitfall_run(pitfall_10_bypass_symbolic bypass symbolic $<TARGET_FILE:module_symbolic>)
pitfall_module(runpath_inner module_allocates.c)
set_target_properties(runpath_inner PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/inner)
pitfall_module(runpath_outer runpath_outer.c)
target_compile_options(runpath_outer PRIVATE -fno-optimize-sibling-calls) # dlopen looks at who called it
set_target_properties(runpath_outer PROPERTIES BUILD_RPATH "$ORIGIN/inner")
target_link_options(runpath_outer PRIVATE -Wl,--enable-new-dtags)
pitfall_program(runpath runpath.c LIBRARIES tare runpath_outer)
pitfall_run(pitfall_11_runpath runpath $<TARGET_FILE_NAME:runpath_inner>)
add_dependencies(runpath runpath_inner)

# 12 to 16: start-up.
add_executable(read_store read_store.c)
target_include_directories(read_store PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src/layout ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(read_store PRIVATE _GNU_SOURCE)
target_link_libraries(read_store PRIVATE tare_warnings)

pitfall_program(three_blocks three_blocks.c)
pitfall_script(pitfall_12_boot_uncounted recorded.sh READ_STORE=$<TARGET_FILE:read_store>
  PROGRAM=$<TARGET_FILE:three_blocks>
  "EXPECTED=link_mode preload, allocations 3, bytes_allocated 60, deallocations 1, bytes_deallocated 30, unknown_blocks 0, inexact 0")
tare_capture(tare_capture_small_boot TARE__LINK_MODE="static" TARE__BOOT_FIRST_BYTES=64)
target_sources(tare_capture_small_boot PRIVATE ${PROJECT_SOURCE_DIR}/src/capture/vfork.S)
pitfall_program(pitfall_12_boot_spill boot_spill.c $<TARGET_OBJECTS:tare_capture_small_boot> ${tare_common_objects}
  LIBRARIES ${CMAKE_DL_LIBS})
target_include_directories(pitfall_12_boot_spill PRIVATE ${PROJECT_SOURCE_DIR}/src/capture)
pitfall_run(pitfall_12_boot_spill pitfall_12_boot_spill)

pitfall_module(containers containers.cc)
pitfall_program(uses_containers uses_containers.cc LIBRARIES containers)
pitfall_script(pitfall_13_before_main recorded.sh READ_STORE=$<TARGET_FILE:read_store>
  PROGRAM=$<TARGET_FILE:uses_containers>
  "EXPECTED=allocations 4, deallocations 2, bytes_deallocated 501, runtime_blocks 1, unknown_blocks 0, inexact 0")

pitfall_module(hostile_hooks hostile_hooks.c)
pitfall_program(under_hooks under_hooks.c)
foreach(order IN ITEMS before after)
  set(preload $<TARGET_FILE:hostile_hooks> $<TARGET_FILE:tare>)
  if(order STREQUAL after)
    list(REVERSE preload)
  endif()
  string(JOIN ":" preload ${preload})
  pitfall_run(pitfall_14_hostile_hooks_${order} under_hooks)
  set_tests_properties(pitfall_14_hostile_hooks_${order} PROPERTIES ENVIRONMENT LD_PRELOAD=${preload})
endforeach()
pitfall_script(pitfall_14_hostile_hooks_recorded recorded.sh READ_STORE=$<TARGET_FILE:read_store>
  PRELOAD=$<TARGET_FILE:hostile_hooks> PROGRAM=$<TARGET_FILE:under_hooks> "EXPECTED=allocations 22, inexact 0")

tare_test(pitfall_16_unseen_block unseen_block.c)

# 17 to 20: thread-local storage, and the ends of threads.
pitfall_script(pitfall_17_initial_exec_tls tls.sh)
pitfall_module(static_tls_filler static_tls_filler.c)
target_compile_definitions(static_tls_filler PRIVATE FILLER_BYTES=64)
pitfall_module(dynamic_tls static_tls_filler.c)
pitfall_program(late_load late_load.c LIBRARIES ${CMAKE_DL_LIBS})
pitfall_script(pitfall_18_late_load late_load.sh PROGRAM=$<TARGET_FILE:late_load> HEAVY=$<TARGET_FILE:dynamic_tls>
  FILLER=$<TARGET_FILE:static_tls_filler>)
tare_test(pitfall_19_thread_local thread_local.cc)
tare_test(pitfall_19_late_key key_destructors.c OPTIONS -DKEYS_BEFORE_TARE)
tare_test(pitfall_20_key_destructors key_destructors.c)

# 44, 46, 48 and 63.
pitfall_program(layout layout.c)
pitfall_script(pitfall_44_layout layout.sh PROGRAM=$<TARGET_FILE:layout>)
pitfall_program(over_allocator over_allocator.c)
foreach(allocator IN ITEMS jemalloc:libjemalloc.so.2:libjemalloc2 mimalloc:libmimalloc.so.2:libmimalloc2.0
                           tcmalloc:libtcmalloc_minimal.so.4:libtcmalloc-minimal4)
  string(REPLACE ":" ";" allocator ${allocator})
  list(GET allocator 0 name)
  list(GET allocator 1 file)
  list(GET allocator 2 package)
  pitfall_script(pitfall_46_over_${name} over_allocator.sh PROGRAM=$<TARGET_FILE:over_allocator> FILE=${file}
    PACKAGE=${package} READ_STORE=$<TARGET_FILE:read_store>)
endforeach()
set(objects $<TARGET_OBJECTS:tare_capture_shared> $<TARGET_OBJECTS:tare_os> $<TARGET_OBJECTS:tare_text>)
pitfall_script(pitfall_48_no_vector_registers registers.sh "OBJECTS=$<JOIN:${objects}, >")
tare_test(pitfall_63_no_memory no_memory.c)
