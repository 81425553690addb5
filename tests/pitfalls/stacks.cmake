# SPDX-License-Identifier: MIT
# Call stacks: by the parts that take them, held against libgcc's walk (looker.h), and
# with the loader at work.

if(TARE_SANITIZE) # they look at stacks from outside
  return()
endif()

add_library(callstack_parts OBJECT)
foreach(source IN ITEMS capture/callstack.c capture/environment.c capture/frames.c capture/last_walk.c
    capture/module_records.c capture/pieces.c capture/unwinder.c capture/unwind_modules.c capture/unwind_rules.c
    capture/unwind_slow.c os/linux.c os/linux_threads.c text/text.c)
  target_sources(callstack_parts PRIVATE ${PROJECT_SOURCE_DIR}/src/${source})
endforeach()
target_include_directories(callstack_parts PUBLIC ${PROJECT_SOURCE_DIR}/include)
foreach(folder IN ITEMS capture layout os text)
  target_include_directories(callstack_parts PUBLIC ${PROJECT_SOURCE_DIR}/src/${folder})
endforeach()
target_compile_definitions(callstack_parts PUBLIC _GNU_SOURCE)
target_compile_options(callstack_parts PRIVATE -std=gnu17 -O2 -fno-builtin -mgeneral-regs-only -fno-stack-protector) # as in tare

# pitfall_stacks(<number>_<name> <sources...> [what tare_test takes]): with those parts.
function(pitfall_stacks name)
  tare_test(pitfall_${name} ${ARGN} LIBRARY none LIBRARIES callstack_parts ${CMAKE_DL_LIBS})
  target_sources(pitfall_${name} PRIVATE $<TARGET_OBJECTS:callstack_parts>)
endfunction()

pitfall_stacks(22_stack_of_a_walk walk_needs_little.c)
target_link_options(pitfall_22_stack_of_a_walk PRIVATE -Wl,-z,now) # as in tare: binding late takes some KB
pitfall_stacks(53_first_walk first_walk.c)

pitfall_stacks(54_code_without_tables without_tables.c)
set_source_files_properties(without_tables_code.c PROPERTIES
  COMPILE_OPTIONS "-fno-asynchronous-unwind-tables;-fno-unwind-tables;-fno-exceptions")
target_sources(pitfall_54_code_without_tables PRIVATE without_tables_code.c)

foreach(kind IN ITEMS with without)
  pitfall_stacks(55_ways_${kind}_frame_pointers stack_ways.c)
endforeach()
target_compile_options(pitfall_55_ways_with_frame_pointers PRIVATE -fno-omit-frame-pointer)
target_compile_options(pitfall_55_ways_without_frame_pointers PRIVATE -fomit-frame-pointer)
foreach(kind IN ITEMS with without)
  foreach(way IN ITEMS frame-pointers slow)
    tare_test_run(pitfall_55_${way}_${kind} pitfall_55_ways_${kind}_frame_pointers ${way} ${kind} BY env TARE_UNWIND=${way})
  endforeach()
endforeach()
tare_test_run(pitfall_55_no_such_way pitfall_55_ways_with_frame_pointers tables with BY env TARE_UNWIND=best)
foreach(depth IN ITEMS 1 5 4294967295)
  tare_test_run(stack_depth_${depth} pitfall_55_ways_with_frame_pointers depth ${depth} BY env TARE_STACK_DEPTH=${depth})
endforeach()
foreach(depth IN ITEMS 0 -1 5x "" 4294967296 99999999999999999999)
  tare_test_run("stack_depth_invalid_${depth}" pitfall_55_ways_with_frame_pointers depth 4294967295
    BY env "TARE_STACK_DEPTH=${depth}")
endforeach()

tare_script_test(pitfall_56_signed_return_addresses ../unit/callstack.sh signed TIMEOUT 180)
pitfall_stacks(57_stack_left_alone stack_left_alone.c)

# Two modules of the same layout, but for their build IDs, or without any.
foreach(which IN ITEMS 1 2)
  foreach(id IN ITEMS identified nameless)
    add_library(closed_${id}_${which} MODULE closed_module.c)
    target_compile_definitions(closed_${id}_${which} PRIVATE WHICH=${which})
    target_compile_options(closed_${id}_${which} PRIVATE -O1 -fno-stack-protector)
    target_link_libraries(closed_${id}_${which} PRIVATE tare_warnings)
  endforeach()
  target_link_options(closed_identified_${which} PRIVATE -Wl,--build-id=0x0${which}112233445566778899aabbccddeeff)
  target_link_options(closed_nameless_${which} PRIVATE -Wl,--build-id=none)
endforeach()
pitfall_stacks(58_closed_modules closed_modules.c)
foreach(id IN ITEMS identified nameless)
  tare_test_run(pitfall_58_closed_modules_${id} pitfall_58_closed_modules
    $<TARGET_FILE:closed_${id}_1> $<TARGET_FILE:closed_${id}_2>)
endforeach()

tare_test(pitfall_52_loader_and_stacks loader_and_stacks.c LIBRARIES ${CMAKE_DL_LIBS} TIMEOUT 120)
add_library(allocating_module MODULE allocating_module.c)
target_compile_options(allocating_module PRIVATE -fno-builtin)
target_link_libraries(allocating_module PRIVATE tare_warnings)
tare_test_run(pitfall_52_loader_and_stacks_of_modules pitfall_52_loader_and_stacks $<TARGET_FILE:allocating_module>)
tare_test_run(pitfall_52_loader_and_stacks_recorded pitfall_52_loader_and_stacks $<TARGET_FILE:allocating_module>
  BY bash ${CMAKE_CURRENT_SOURCE_DIR}/in_recorded_run.sh)
