#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every event of a known program, in order and with its arguments, by perf.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
program=$programs/$1 file=${2:-$programs/$1}

needs perf readelf
needs_uprobes
mapfile -t probes < <(probe_names)
add_probes "$file" "${probes[@]}"
events=()
for probe in "${probes[@]}"; do events+=(-e "sdt_$probe"); done

record() { perf record -q -o "$work/perf.data" "${events[@]}" -- "$@" 2>"$work/err" || { cat "$work/err" >&2; fail "$*"; }; }

# A line an event, as known.c writes it: strings are addresses here, and left out.
events_seen() {
    perf script -i "$work/perf.data" -F event,trace 2>/dev/null |
        sed -E 's/^ *sdt_([^ ]*): +\([0-9a-f]+\)/\1/; s/ arg[0-9]+=/ /g' |
        awk '$1 ~ /scope_open/ { print $1, $2; next } $1 ~ /expectation_failed/ { print $1, $4, $6; next } { print }'
}

record "$program" >"$work/expected"
[ "$(wc -l <"$work/expected")" -gt 150 ] || fail "the program says it did next to nothing"
events_seen >"$work/seen"
# The others go on just before the exclusive scope is closed, so its end may come behind what they do: it is compared
# where it can't. Pieces end with their arena in any order.
in_order() {
    awk '/scope_close 4 / { late = $0; next }
        /^tare:free .* 7$/ { print | "sort"; next }
        { close("sort") }
        /scope_open 6/ { print late }
        { print; fflush() }' "$1"
}
diff -u <(in_order "$work/expected") <(in_order "$work/seen") >"$work/diff" || { head -50 "$work/diff" >&2; fail "other events than expected"; }

record "$program" idle
[ "$(events_seen | wc -l)" = 0 ] || fail "events without a scope"

# A scope that nobody listens to does the same as ever.
"$program" >"$work/again"
[ "$(wc -l <"$work/again")" = "$(wc -l <"$work/expected")" ] || fail "otherwise without a listener"
