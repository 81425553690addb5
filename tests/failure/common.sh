# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For the scripts of this folder: building the samples, and messages without what differs from
# machine to machine.
set -euo pipefail
# shellcheck source=tests/pitfalls/build.sh
source "${SOURCE_DIR:?the source tree}/tests/pitfalls/build.sh"
here=$SOURCE_DIR/tests/failure
unset TARE_SAVE_DIR TARE_SUPPRESSIONS

# new_place: from here on programs save below a directory of their own in $scratch, which is removed whole at the end.
new_place() {
    TMPDIR=$(mktemp -d "${scratch:?}/saved.XXXXXX")
    export TMPDIR
}
new_place

# build <compiler> <output> <source of this folder> <options...>
build() {
    local compiler=$1 output=$2 source=$3
    shift 3
    "$compiler" -w -g -D_GNU_SOURCE -fno-builtin -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" -pthread "$here/$source" \
        -o "$output" "$@"
}
# shellcheck disable=SC2034 # for the scripts that read this file
shared_library=("$LIBTARE" "-Wl,-rpath,$(dirname "$LIBTARE")")

# normalised: paths without directories, no addresses, no numbers of processes. Whether a function was inlined, and
# from which line of the standard library, is the compiler's business.
normalised() {
    sed -E "s#$scratch/saved[^ /]*/(tare-[^ ]*)-[0-9]+-([0-9]+\\.tare)#SAVED/\\1-PID-\\2#
            s#(/|\b)[^ ]*/(samples\.cc?|frameworks\.cc?):#\2:#; s# at [^ ]*/include/c\\+\\+/[^ ]*/([a-z_.]+):[0-9]+# at \\1#
            s/0x[0-9a-f]+/ADDRESS/g; s/ \\(inlined\\)\$//"
}

# check <what> <golden> <file>: the file is as golden/<golden>.txt says. With UPDATE=1 it is written there.
# shellcheck disable=SC2034 # likewise
failed=0
check() {
    if [[ ${UPDATE:-} ]]; then
        cp "$3" "$here/golden/$2.txt"
    elif ! diff -u --label "golden/$2.txt" "$here/golden/$2.txt" --label "$1" "$3"; then
        # shellcheck disable=SC2034
        failed=1
    fi
}

# has <file> <line>: the line, which is a pattern of grep, is in the file.
has() {
    grep -qE -- "$2" "$1" || fail "no line '$2' in:
$(cat "$1")"
}
has_not() {
    if grep -qE -- "$2" "$1"; then
        fail "a line '$2' in:
$(cat "$1")"
    fi
}
