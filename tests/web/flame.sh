#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Flame graphs in headless Chromium: of long names and deep stacks, of a difference, and of
# 1,000,000 distinct stacks.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/web/lib.sh"

expect_status 0 "$TARE" run --save names -- "$programs/long_names"
expect_status 0 "$TARE" report names --format svg -o names.svg
expect_status 0 "$TARE" run --save before -- "$programs/sites"
expect_status 0 "$TARE" run --save after -- "$programs/sites_again" more
expect_status 0 "$TARE" diff before after --format svg --metric count -o difference.svg
# Six digits of a number, each a function called by the one before it.
awk 'BEGIN { for (i = 0; i < 1000000; i++) {
    n = sprintf("%06d", i * 7919 % 1000000); line = "main"
    for (k = 1; k <= 6; k++) line = line ";digit" k "_" substr(n, k, 1)
    print line, 1 + i % 97 } }' >many.folded
expect_status 0 "$TARE" convert many.folded --from folded --format svg -o many.svg
expect_text many.svg ">48,999,055 samples</text>"
in_browser flame.mjs names.svg difference.svg many.svg
