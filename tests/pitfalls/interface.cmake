# SPDX-License-Identifier: MIT
# Pitfalls 35 to 51: what the allocation functions return, and what libc does
# with them; most cannot be asked where a sanitizer has taken malloc.

tare_test(pitfall_35_realloc_zero realloc_zero.c)
tare_test(pitfall_36_size_overflow size_overflow.c)
tare_test(pitfall_39_free_keeps_errno free_keeps_errno.c)
tare_test(pitfall_40_malloc_zero malloc_zero.c)
tare_test(pitfall_47_arena arena.c)
if(TARE_SANITIZE)
  return()
endif()

tare_test(pitfall_37_invalid_alignment invalid_alignment.c)
tare_test(pitfall_38_posix_memalign_failure posix_memalign_failure.c)

tare_test(pitfall_41_family_counts family_counts.c)
target_include_directories(pitfall_41_family_counts PRIVATE ${PROJECT_SOURCE_DIR}/src/capture)
add_executable(family_results family_results.c)
target_include_directories(family_results PRIVATE ${PROJECT_SOURCE_DIR}/src/capture)
target_compile_definitions(family_results PRIVATE _GNU_SOURCE)
target_compile_options(family_results PRIVATE -fno-builtin)
target_link_libraries(family_results PRIVATE tare_warnings)
tare_script_test(pitfall_41_family_results family_results.sh)

add_library(nesting_allocator MODULE nesting_allocator.c)
target_compile_definitions(nesting_allocator PRIVATE _GNU_SOURCE)
target_compile_options(nesting_allocator PRIVATE -fno-builtin -fsemantic-interposition -fno-optimize-sibling-calls)
target_link_libraries(nesting_allocator PRIVATE tare_warnings)
tare_test(pitfall_42_nested_calls nested_calls.c)
set_tests_properties(pitfall_42_nested_calls PROPERTIES
  ENVIRONMENT "LD_PRELOAD=$<TARGET_FILE:tare>:$<TARGET_FILE:nesting_allocator>;\
NESTING_ALLOCATOR=$<TARGET_FILE:nesting_allocator>")

tare_test(pitfall_43_new_and_delete new_and_delete.cc OPTIONS -std=c++17 -fsized-deallocation)
tare_test(pitfall_45_allocator_reports allocator_reports.c)
tare_test(pitfall_49_libc_helpers libc_helpers.c)
tare_test(pitfall_51_first_call first_call.c)
