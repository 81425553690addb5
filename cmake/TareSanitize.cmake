# SPDX-License-Identifier: MIT
# A sanitizer stands before malloc itself, so tare can't yet stand there as well.
# What interposes is therefore neither built nor run under one; the rest is, as
# the tests with the label "sanitizer".

if(TARE_SANITIZE STREQUAL address)
  set(tare_sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(TARE_SANITIZE STREQUAL thread)
  set(tare_sanitize_flags -fsanitize=thread -fno-omit-frame-pointer)
elseif(TARE_SANITIZE)
  message(FATAL_ERROR "TARE_SANITIZE is ${TARE_SANITIZE}; it may be address or thread")
endif()

if(TARE_SANITIZE)
  add_compile_options(${tare_sanitize_flags})
  add_link_options(${tare_sanitize_flags})
endif()
