#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The HTML report of a program whose sites are known, of a snapshot with everything that makes
# figures doubtful, and of profiles that would do harm: opened, clicked, searched, sorted.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/web/lib.sh"

expect_status 0 "$TARE" run --save sites.record -- "$programs/sites"
expect_status 0 "$TARE" report sites.record --format html -o sites.html
expect_status 0 "$TARE" report sites.record --format json -o sites.json
expect_status 0 "$TARE" report sites.record --format html -o again.html
cmp sites.html again.html || fail "two reports of one record differ"
expect_status 0 "$TARE" report sites.record --format html --metric leak -o leaks.html

"$REPORT_WRITE" html --suppress leak:fib >snapshot.html || fail "the snapshot's report"
for name in hostile huge wide empty; do
    "$PROFILES" html "$name" >"$name.html" || fail "the report of $name"
done
cat >nothing.c <<'EOF'
int main(void) { return 0; }
EOF
gcc nothing.c -o nothing || fail "nothing.c"
expect_status 0 "$TARE" run --save nothing.record -- ./nothing
expect_status 0 "$TARE" report nothing.record --format html -o nothing.html

expect_status 0 "$TARE" run --no-sites --save figures.record -- "$programs/sites"
expect_status 0 "$TARE" report figures.record --format html -o figures.html
cat >scope.c <<'EOF'
#include <stdlib.h>
#include <tare/tare.h>
static void *volatile kept;
int main(void)
{
    tare_scope *scope = tare_open(.name = "the <scope>");
    kept = malloc(123);
    return tare_save(scope, "scope.record");
}
EOF
gcc -g -I"$SOURCE_DIR/include" scope.c "$LIBTARE" -Wl,-rpath,"${LIBTARE%/*}" -o scope || fail "scope.c"
expect_status 0 ./scope
expect_status 0 "$TARE" report scope.record --format html -o scope.html

expect_status 0 "$TARE" run --save inexact.record -- "$programs/inexact"
expect_status 0 "$TARE" report inexact.record --format html -o inexact.html

expect_status 3 "$TARE" report sites.record --format html -o missing/page.html
expect_text "$work/err" "missing/page.html"

in_browser report.mjs known doubtful hostile huge wide empty without scope
