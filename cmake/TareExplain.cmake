# SPDX-License-Identifier: MIT
# What makes figures and places in the source of a store. The command stands on it, and tests stand on it by itself,
# also under sanitizers.

tare_folder(tare_explain explain
  SOURCES
    expectation.c origins.c origins_sites.c origins_stacks.c pattern.c process.c recording.c records.c refusal.c
    running.c save.c snapshot.c statistic.c string_pool.c suppression.c table.c view.c
  USES layout text)
set_target_properties(tare_explain PROPERTIES EXCLUDE_FROM_ALL ON)

if(NOT TARE_BUILD_CLI AND NOT TARE_BUILD_TESTS AND NOT TARE_BUILD_EXPLAIN)
  return() # the library alone needs no other
endif()

# From addresses to places; it stands on tare_explain. Whoever takes its objects links tare_symbol_libraries.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libdw REQUIRED IMPORTED_TARGET libdw)
find_library(TARE_IBERTY_LIBRARY iberty REQUIRED)
add_library(tare_symbol_libraries INTERFACE)
target_link_libraries(tare_symbol_libraries INTERFACE PkgConfig::libdw ${TARE_IBERTY_LIBRARY})
target_link_options(tare_symbol_libraries INTERFACE LINKER:--exclude-libs,libiberty.a)
tare_folder(tare_symbols explain
  SOURCES symbol.c symbol_debug.c symbol_module.c symbol_name.c symbol_scope.c symbol_table.c
  USES layout text)
target_link_libraries(tare_symbols PRIVATE tare_symbol_libraries)
set_target_properties(tare_symbols PROPERTIES EXCLUDE_FROM_ALL ON)

# Lists of sites: in reports, and in what a failing expectation prints.
tare_folder(tare_sites report
  SOURCES apart_text.c function_name.c metric.c phrase.c sites.c sites_text.c stack_view.c
  USES explain layout text)
set_target_properties(tare_sites PROPERTIES EXCLUDE_FROM_ALL ON)

# What a failing expectation loads, to say where its figures came from. Nothing links it.
if(TARE_BUILD_EXPLAIN AND NOT TARE_SANITIZE)
  tare_folder(tare_failure failure SOURCES explain.c functions.c scope_text.c stack_text.c USES report explain layout text)
  target_link_libraries(tare_failure PRIVATE tare_symbol_libraries)
  add_library(tare_explain_library SHARED
    $<TARGET_OBJECTS:tare_failure> $<TARGET_OBJECTS:tare_sites> $<TARGET_OBJECTS:tare_symbols>
    $<TARGET_OBJECTS:tare_explain> $<TARGET_OBJECTS:tare_text>)
  set_target_properties(tare_explain_library PROPERTIES
    OUTPUT_NAME tare-explain LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}) # where libtare.so is
  target_link_libraries(tare_explain_library PRIVATE tare_symbol_libraries)
  target_link_options(tare_explain_library PRIVATE -Wl,-z,defs -Wl,-z,now)
endif()
