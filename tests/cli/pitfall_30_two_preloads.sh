#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Somebody else's LD_PRELOAD stays in force, for the program and its children;
# --no-follow takes away our entry alone.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
other=$programs/libother_preload.so
[ -e "$other" ] || fail "no $other"
look='printf "%s\n" "$LD_PRELOAD" "${TARE_STORE:+store}" "${TARE_FOLLOW-}"
      grep -o "lib[a-z_]*\.so" /proc/self/maps | grep -E "tare|other" | sort -u | tr "\n" " "'

LD_PRELOAD=$other expect_status 0 "$TARE" run --json -- sh -c "$look"
{ read -r preload; read -r store; read -r follow; read -r loaded; } <"$work/out"
case $preload in
*/libtare.so*:"$other") ;;
*) fail "LD_PRELOAD is $preload" ;;
esac
expect_equal "$store" store
expect_equal "$loaded" "libother_preload.so libtare.so" "what grep has loaded"
expect_json '[.processes[].command[0] == "grep"] | any' true

for others in "$other" "$other:$other" "$other $other"; do
    LD_PRELOAD=$others expect_status 0 "$TARE" run --json --no-follow -- sh -c "$look"
    { read -r preload; read -r store; read -r follow; read -r loaded; } <"$work/out"
    expect_equal "$preload" "$others" LD_PRELOAD
    expect_equal "$store$follow" "" "our variables"
    expect_equal "$loaded" "libother_preload.so" "what grep has loaded"
    expect_json .processes '[]'
done

# Where ours was the only one, the variable is gone.
expect_status 0 "$TARE" run --no-follow -- sh -c 'echo "${LD_PRELOAD-none}"'
expect_equal "$(cat "$work/out")" none
