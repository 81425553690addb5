# SPDX-License-Identifier: MIT
# What is installed. Every path inside it is relative to its own place, so the
# tree may be moved (DESTDIR, packages, a copy).

include(CMakePackageConfigHelpers)

set(tare_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tare)
set(tare_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS tare tare_static tare_wrap EXPORT tareTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET tare_explain_library)
  install(TARGETS tare_explain_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)
endif()
if(TARGET tare_command)
  install(TARGETS tare_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/tare DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(section IN ITEMS 1 3)
  file(GLOB tare_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.${section})
  install(FILES ${tare_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
# The pages lead to each other, to the examples and to the headers, by relative links that hold here as in the tree.
# NOTICE: whose code is in the page that the command carries.
install(FILES web/NOTICE LICENSE README.md CHANGELOG.md CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.c")
file(RELATIVE_PATH tare_include_from_docs /${CMAKE_INSTALL_DOCDIR} /${CMAKE_INSTALL_INCLUDEDIR})
install(CODE "file(CREATE_LINK \"${tare_include_from_docs}\"
  \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}/include\" SYMBOLIC)")
install(FILES docs/allocators.md docs/async.md docs/coming-from.md docs/faults.md docs/flame-graphs.md
  docs/flame.svg docs/format.md docs/html-report.md docs/html-report.png docs/limits.md docs/probes.md
  docs/profiles.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

# For those who listen to the probes.
if(TARE_PROBES)
  install(DIRECTORY share/bpftrace DESTINATION ${CMAKE_INSTALL_DATADIR}/tare)
  configure_file(share/systemtap/tapset/tare.stp.in ${PROJECT_BINARY_DIR}/tare.stp @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/tare.stp DESTINATION ${CMAKE_INSTALL_DATADIR}/systemtap/tapset)
endif()

# CMake: find_package(tare) brings tare::tare, tare::static and tare::wrap.
install(EXPORT tareTargets NAMESPACE tare:: DESTINATION ${tare_cmake_dir})
configure_package_config_file(cmake/package/tareConfig.cmake.in ${PROJECT_BINARY_DIR}/tareConfig.cmake
  INSTALL_DESTINATION ${tare_cmake_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tareConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tareConfig.cmake ${PROJECT_BINARY_DIR}/tareConfigVersion.cmake
  DESTINATION ${tare_cmake_dir})

# pkg-config: one file for each way to link, from one template.
# tare_pkgconfig(<name> <description> <libs>)
function(tare_pkgconfig name description libs)
  if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    set(prefix ${CMAKE_INSTALL_PREFIX})
  else()
    file(RELATIVE_PATH up /${tare_pkgconfig_dir} /)
    string(REGEX REPLACE "/$" "" up "${up}")
    set(prefix "\${pcfiledir}/${up}")
  endif()
  foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
    set(${dir} "${CMAKE_INSTALL_${dir}}")
    if(NOT IS_ABSOLUTE ${${dir}})
      string(PREPEND ${dir} "\${prefix}/")
    endif()
  endforeach()
  list(JOIN TARE_NO_BUILTIN_FLAGS " " no_builtin)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/package/tare.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${tare_pkgconfig_dir})
endfunction()

list(JOIN TARE_WRAP_FLAGS " " tare_wrap_flags)
tare_pkgconfig(tare "${PROJECT_DESCRIPTION}" "-L\${libdir} -ltare")
tare_pkgconfig(tare-static "${PROJECT_DESCRIPTION}; linked into the program" "\${libdir}/libtare.a -ldl")
tare_pkgconfig(tare-wrap "${PROJECT_DESCRIPTION}; for programs linked by -static"
  "-L\${libdir} -ltare-wrap ${tare_wrap_flags}")
