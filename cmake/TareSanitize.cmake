# SPDX-License-Identifier: MIT
# A sanitizer stands before malloc itself. Linked by --wrap, tare stands before
# that: the calls of a program's own objects come by it, libc's do not. So the
# tests that can be linked like that are built and run, with the label "sanitizer".

if(TARE_SANITIZE STREQUAL address)
  set(tare_sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(TARE_SANITIZE STREQUAL thread)
  set(tare_sanitize_flags -fsanitize=thread -fno-omit-frame-pointer)
  # gcc warns that ThreadSanitizer knows no fences. What ours order is atomic, so it finds no fault with that.
  add_compile_options($<$<COMPILE_LANG_AND_ID:C,GNU>:-Wno-tsan>)
  # It takes its leave of a thread in the last round of key destructors, the first of all, and what it instruments
  # must not run afterwards.
  add_compile_definitions(TARE__END_ROUNDS=3)
elseif(TARE_SANITIZE)
  message(FATAL_ERROR "TARE_SANITIZE is ${TARE_SANITIZE}; it may be address or thread")
endif()

if(TARE_SANITIZE)
  add_compile_options(${tare_sanitize_flags})
  add_link_options(${tare_sanitize_flags})
endif()
