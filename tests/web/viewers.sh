#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Profiles in the viewers of others, in headless Chromium: Valgrind's dh_view and speedscope.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/web/lib.sh"

dh_view=$(dirname "$(find -L /usr/libexec/valgrind /usr/lib/valgrind -name dh_view.html 2>/dev/null | head -n 1)")/dh_view.html
[ -e "$dh_view" ] || skip "there is no dh_view.html (apt-get install valgrind)"
[ -d "$WEB_MODULES/speedscope" ] || skip "web_modules has not installed speedscope"

expect_status 0 "$TARE" run --save sites.tare -- "$programs/sites"
expect_status 0 "$TARE" report sites.tare --format dhat -o sites.dhat.json
expect_status 0 "$TARE" report sites.tare --format speedscope --metric count -o sites.speedscope.json

python3 "$SOURCE_DIR/tests/profiles/make_pprof.py" hostile hostile.pb.gz || fail "hostile.pb.gz"
expect_status 0 "$TARE" convert hostile.pb.gz --metric count -o hostile.speedscope.json
expect_status 0 "$TARE" convert hostile.pb.gz -o hostile.dhat.json
in_browser viewers.mjs "$dh_view" sites.dhat.json sites.speedscope.json hostile.speedscope.json hostile.dhat.json
