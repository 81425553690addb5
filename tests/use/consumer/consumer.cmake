# SPDX-License-Identifier: MIT
# The same programs against each target of the package, however it was found.

enable_testing()
foreach(language IN ITEMS c cpp)
  foreach(mode IN ITEMS shared static wrap)
    set(target tare::${mode})
    if(mode STREQUAL shared)
      set(target tare::tare)
    endif()
    add_executable(${language}_${mode} ${CMAKE_CURRENT_LIST_DIR}/consumer.${language})
    target_link_libraries(${language}_${mode} PRIVATE ${target})
    # With --wrap only the program's own calls of malloc count, and operator new
    # is in the C++ library.
    if(NOT "${language}_${mode}" STREQUAL cpp_wrap)
      add_test(NAME ${language}_${mode} COMMAND ${language}_${mode} ${mode})
    endif()
  endforeach()
endforeach()
