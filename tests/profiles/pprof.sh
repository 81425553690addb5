#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pprof itself opens it, and shows the same sums, of each type and by label.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/profiles/lib.sh"
need go golang-go
export PPROF_TMPDIR=$work/pprof HOME=$work GOFLAGS=-mod=mod GOTOOLCHAIN=local GOCACHE=$work/cache
go tool pprof --help >/dev/null 2>&1 || skip "go has no pprof (apt-get install golang-go)"

record sites -- "$programs/sites"

# total TYPE: in the unit that the profile has.
total()
{
    go tool pprof -top -unit=B -nodefraction=0 -sample_index="$1" "$2" 2>"$work/err" >"$work/out" || fail "pprof"
    sed -nE 's/^Showing nodes accounting for ([0-9]+)B?, .*/\1/p' "$work/out"
}
while read -r type key; do
    expect_equal "$(total "$type" sites.pb.gz)" "$(jq "$key" sites.json)" "$type"
done <<'END'
alloc_objects .allocations
alloc_space .bytes_allocated
inuse_objects .leaked_allocations
inuse_space .leaked_bytes
peak_space .peak_bytes
leaked_space .leaked_bytes
temporary_objects [.sites[].temporary]|add
reallocations .reallocations
END

# Type: the default is that of the metric. Its facts, frames and labels are there.
expect_status 0 go tool pprof -raw sites.pb.gz
expect_text "$work/out" "alloc_space/bytes[dflt]"
expect_text "$work/out" "pid:[$(jq .pid sites.json)]"
grep -qE "^ +[0-9]+: 0x[0-9a-f]+ M=1 hold .*/tests/cli/sites.c:[0-9]+" "$work/out" || fail "hold has no line"
build_id=$(readelf -n "$programs/sites" | sed -n 's/.*Build ID: //p')
grep -qE "^1: 0x[0-9a-f]+/0x[0-9a-f]+/0x0 $programs/sites $build_id \[FN\]\[FL\]\[LN\]\[IN\]" "$work/out" ||
    fail "the program's mapping"
expect_status 0 "$TARE" convert --metric leak sites.pb.gz -o leak.pb.gz
expect_status 0 go tool pprof -raw leak.pb.gz
expect_text "$work/out" "leaked_space/bytes[dflt]"

# What pprof writes is read again.
expect_status 0 go tool pprof -proto -output="$work/again.pb.gz" sites.pb.gz
expect_status 0 "$TARE" convert again.pb.gz --metric leak -o again.folded
cmp again.folded sites.leak.folded || fail "pprof's own output is read as something else"

# Inlined calls, of a program built so.
gcc -g -O2 -fno-builtin -D_GNU_SOURCE -I"$SOURCE_DIR/tests/sites/corpus" -I"$SOURCE_DIR/include" \
    "$SOURCE_DIR/tests/sites/corpus/plain.c" -o plain || fail "plain.c"
record plain -- ./plain
expect_status 0 go tool pprof -raw plain.pb.gz
grep -A2 -E ' innermost .*plain.c:' "$work/out" | grep -qE '^ +middle .*plain.c:' || fail "middle is not inlined into outer"
expect_equal "$(total alloc_space plain.pb.gz)" "$(jq .bytes_allocated plain.json)" "alloc_space of plain"

# A scope that was saved by itself has its name as a label.
cat >scope.c <<'END'
#include <stdlib.h>
#include <tare/tare.h>
static void *volatile kept;
int main(void)
{
    tare_stats stats;
    tare_scope *scope = tare_open(.name = "the load");
    kept = malloc(123);
    free(malloc(77));
    return tare_save(scope, "scope.tare") != 0 || tare_close(scope, &stats) != 0;
}
END
gcc -g -fno-builtin -I"$SOURCE_DIR/include" scope.c -o scope -L"$BUILD_DIR" -ltare -Wl,-rpath,"$BUILD_DIR" ||
    fail "scope.c"
expect_status 0 ./scope
expect_status 0 "$TARE" report scope.tare --format pprof -o scope.pb.gz
expect_equal "$(total alloc_space scope.pb.gz)" 200 "alloc_space of the scope"
expect_equal "$(total leaked_space scope.pb.gz)" 123 "leaked_space of the scope"
expect_status 0 go tool pprof -raw scope.pb.gz
expect_text "$work/out" "scope:[the load]"
