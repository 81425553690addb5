#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that the loader runs without preloads was not measured, and that is
# what tare says: no figures, status 3.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "only root can make a setuid program of somebody else's"
command -v setpriv >/dev/null || skip "no setpriv to become somebody else"

# Somebody else must reach all of it.
chmod 755 "$work"
chmod 1777 "$TMPDIR"
mkdir "$work/bin"
cp -P "$TARE" "${LIBTARE%/*}"/libtare.so* "$work/bin/"
cp "$programs/known" "$work/bin/"
cp "$programs/known" "$work/bin/setuid"
chmod 755 "$work/bin/"*
chmod u+s "$work/bin/setuid"
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
[ "$("${as_nobody[@]}" cat /proc/self/status | awk '/^NoNewPrivs/ {print $2}')" = 0 ] || skip "privileges can't be gained here"
! findmnt -nro OPTIONS --target "$work" 2>/dev/null | grep -qw nosuid || skip "the directory is mounted nosuid"

expect_status 0 "${as_nobody[@]}" "$work/bin/tare" run --no-save --json -- "$work/bin/known"
expect_json .allocations 5

expect_status 3 "${as_nobody[@]}" "$work/bin/tare" run --no-save --json -- "$work/bin/setuid" 19
expect_text "$work/err" "never attached"
expect_text "$work/err" "setuid"
expect_text "$work/err" "exit status 19"
expect_no_text "$work/err" '"allocations"'
expect_equal "$(cat "$work/out")" known "stdout: the program ran"

# Run by its owner it gains nothing, so it can be measured, and is.
expect_status 0 "$work/bin/tare" run --no-save --json -- "$work/bin/setuid"
expect_json .allocations 5

if command -v setcap >/dev/null && cp "$programs/known" "$work/bin/capable" &&
   setcap cap_net_raw+ep "$work/bin/capable" 2>/dev/null; then
    expect_status 3 "${as_nobody[@]}" "$work/bin/tare" run --no-save -- "$work/bin/capable"
    expect_text "$work/err" "file capabilities"
fi
