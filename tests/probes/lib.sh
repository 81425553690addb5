# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of probes share. Each begins with its own check of what it needs.
set -euo pipefail

# shellcheck disable=SC2034 # for those who read this
programs=$BUILD_DIR/tests/probes
work=$(mktemp -d)
cleanups=()
at_exit() {
    local cleanup
    for cleanup in "${cleanups[@]}"; do eval "$cleanup"; done
    rm -rf "$work"
}
trap at_exit EXIT
trap 'exit 1' INT TERM

fail() {
    echo "failed: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*" >&2
    exit 77
}

needs() {
    local tool
    for tool in "$@"; do command -v "$tool" >/dev/null || skip "no $tool here"; done
}

# The kernel's part: who may use it, and where.
needs_uprobes() {
    tracing=/sys/kernel/tracing
    [ "$(id -u)" = 0 ] || skip "listening to probes is for root"
    if [ ! -e $tracing/uprobe_events ]; then
        mount -t tracefs nodev $tracing 2>/dev/null || skip "no tracefs in $tracing, and mounting one is refused"
        [ -e $tracing/uprobe_events ] || skip "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)"
    fi
    # Who else tests probes uses the same names of events.
    exec 9>/tmp/tare-test-probes.lock
    flock 9
    export HOME=$work # perf keeps what it looked at there
}

# add_probes FILE PROBE...: by perf, and removed at the end.
add_probes() {
    local file=$1 probe options=()
    shift
    for probe in "$@"; do options+=(--add "sdt_$probe"); done
    cleanups+=("perf probe -q -d 'sdt_tare:*' -d 'sdt_LockedAllocator:*' 2>/dev/null || true")
    perf probe -q -d 'sdt_tare:*' -d 'sdt_LockedAllocator:*' 2>/dev/null || true # of a test that was killed
    perf probe -x "$file" "${options[@]}" >"$work/perf-probe" 2>&1 || {
        cat "$work/perf-probe" >&2
        grep -qiE 'not permitted|permission|not supported|function not implemented' "$work/perf-probe" &&
            skip "the kernel refuses uprobes"
        fail "perf probe -x $file"
    }
}

# probe_names: all of them, in the table's order.
probe_names() {
    sed -n 's/^TARE_PROBE(\([A-Za-z]*\), \([a-z_]*\),.*/\1:\2/p' "$SOURCE_DIR/src/capture/probes.def"
}
