#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: golden.sh GOLDEN_FILE PROGRAM [ARGUMENTS...]
# What the program prints is the file, byte for byte. With UPDATE=1 in the environment
# the file is written anew instead: look at the difference before it is committed.
set -euo pipefail
golden=$1
shift
if [[ ${UPDATE:-} ]]; then
    "$@" >"$golden"
    exit
fi
diff -u --label "${golden##*/}" "$golden" --label "now" <("$@")
