# SPDX-License-Identifier: MIT
# Stacks, threads, jumps, fork and its kin, signals, seccomp, no /proc, and the
# canary.

# pitfall_program(<number>_<name> <sources...> [what tare_test takes])
function(pitfall_program name)
  tare_test(pitfall_${name} ${ARGN})
endfunction()

# pitfall_recorded(<name> <program's test> [arguments...]): the same program again,
# in a recorded run.
function(pitfall_recorded)
  tare_test_run(${ARGN} BY bash ${CMAKE_CURRENT_SOURCE_DIR}/in_recorded_run.sh)
endfunction()

pitfall_program(22_small_stacks small_stacks.c NOT_UNDER thread address) # which needs more
pitfall_program(23_many_threads many_threads.c)
pitfall_program(24_realloc_storm realloc_storm.c)
pitfall_recorded(pitfall_24_realloc_storm_recorded pitfall_24_realloc_storm)
pitfall_program(25_left_by_jump left_by_jump.c)
pitfall_program(25_left_by_thread_end left_by_thread_end.c)
pitfall_program(25_left_by_exit left_by_exit.c)
tare_test_run(pitfall_25_left_by_exit_of_a_thread pitfall_25_left_by_exit thread)
pitfall_program(25_left_domains left_domains.c)
tare_test_run(pitfall_25_left_domains_by_exit pitfall_25_left_domains exit)
pitfall_program(25_family_closed family_closed.c)
# The child of a process with threads may find ASan's allocator locked.
pitfall_program(26_fork_storm fork_storm.c NOT_UNDER address)
pitfall_recorded(pitfall_26_fork_storm_recorded pitfall_26_fork_storm)
pitfall_program(26_fork_storm_domains fork_storm_domains.c NOT_UNDER address)
pitfall_recorded(pitfall_26_fork_storm_domains_recorded pitfall_26_fork_storm_domains)
pitfall_program(29_forked_past_atfork forked_past_atfork.c)
pitfall_recorded(pitfall_29_forked_past_atfork_recorded pitfall_29_forked_past_atfork)
tare_test(stress_scopes scopes_stress.c)
if(TARE_SANITIZE)
  return()
endif()

pitfall_program(21_thread_costs thread_costs.c LIBRARIES ${CMAKE_DL_LIBS})
tare_test_run(pitfall_21_thread_costs_with_dynamic_tls pitfall_21_thread_costs $<TARGET_FILE:dynamic_tls>)
pitfall_program(21_stacks_behind_gate stacks_behind_gate.c)
tare_test_run(pitfall_21_stacks_behind_gate_with_dynamic_tls pitfall_21_stacks_behind_gate $<TARGET_FILE:dynamic_tls>)
pitfall_program(25_left_by_exception left_by_exception.cc left_by_exception.c OPTIONS -fexceptions)
pitfall_program(28_vfork_child vfork_child.c)
pitfall_recorded(pitfall_28_vfork_child_recorded pitfall_28_vfork_child)

# For scripts: what the folder's programs are called is in the environment too.
add_executable(print_store print_store.c)
target_compile_options(print_store PRIVATE -std=gnu17)
target_include_directories(print_store PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(print_store PRIVATE tare_warnings)

foreach(program IN ITEMS empty_main leaking_main)
  add_executable(${program} ${program}.cc)
  target_compile_options(${program} PRIVATE -fno-builtin)
endforeach()
tare_script_test(pitfall_33_runtime_pools runtime_pools.sh)

add_library(bump SHARED bump.c)
target_compile_options(bump PRIVATE -std=gnu17 -fno-builtin)
target_link_libraries(bump PRIVATE tare_warnings)
pitfall_program(60_handler_allocates handler_allocates.c LIBRARY none LIBRARIES tare bump TIMEOUT 30)
tare_test_run(pitfall_60_handler_allocates_on_alternate_stack pitfall_60_handler_allocates alternate TIMEOUT 30)

pitfall_program(61_locked_up locked_up.c)
foreach(program IN ITEMS measures measures_at_once)
  add_executable(${program} ${program}.c)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_options(${program} PRIVATE -std=gnu17)
  target_link_libraries(${program} PRIVATE tare_warnings tare)
endforeach()
tare_script_test(pitfall_62_no_proc no_proc.sh)
pitfall_program(66_other_malloc other_malloc.c bump.c)
tare_script_test(pitfall_66_valgrind valgrind.sh)
