#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Records are checked before they are read: what is damaged is counted and said,
# and takes nothing else with it. The program itself does the damage.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

# refused REASON COMMANDS: $own is the shell's own record, $bad the one to make.
refused()
{
    local reason=$1 commands=$2
    expect_status 0 "$TARE" run -- sh -c "own=\$TARE_STORE/\$\$-0.tare bad=\$TARE_STORE/9-9.tare; $commands"
    expect_text "$work/err" "1 record could not be read: 9-9.tare: $reason"
    expect_text "$work/err" "exact: yes"
}
refused "it can't be opened, or is empty" ': >$bad'
refused "it can't be opened, or is empty" 'ln -s $own $bad'
refused "it can't be opened, or is empty" 'mkfifo $bad'
refused "it is no record of tare's" 'echo junk >$bad'
refused "it is no record of tare's" 'head -c 100000 /dev/zero >$bad'
refused "it is truncated" 'head -c 64 $own >$bad'
refused "it is truncated" 'head -c 100000 $own >$bad'
# The version is at 8, the kind at 16, slot_count at 24 and slot_bytes at 28.
patch='cp $own $bad; printf "$2" | dd of=$bad bs=1 seek=$1 conv=notrunc status=none'
refused "it is of version 255 of the format, and this tare reads version 2; use the tare that wrote it, or a newer one" \
    "set 8 '\\377'; $patch"
refused "it is of version 1 of the format, and this tare reads version 2; use the tare that wrote it" \
    "set 8 '\\001'; $patch"
refused "it is damaged: its kind is unknown" "set 16 '\\007'; $patch"
refused "it is damaged at offset 24: 4278191104 slots of 704 bytes" "set 27 '\\377'; $patch"
refused "it is truncated: its slots end at " "set 25 '\\377'; $patch"
refused "it is damaged at offset 24: 1024 slots of 705 bytes" "set 28 '\\301'; $patch"
refused "it is damaged at offset 24: 1024 slots of 0 bytes" "set 28 '\\0\\0\\0\\0'; $patch"

expect_status 0 "$TARE" run --json -- sh -c 'echo junk >$TARE_STORE/1.tare; echo junk >$TARE_STORE/2.tare; : >$TARE_STORE/other'
expect_json .records_refused 2

# Its own record gone, the program counts as never attached to.
expect_status 3 "$TARE" run -- sh -c 'rm $TARE_STORE/*'
expect_text "$work/err" "never attached"
