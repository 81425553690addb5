#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public function and macro of tare.h, every statistic and every error is named in tare.3, and what
# the header and the library call themselves is one version.
set -euo pipefail
header=$SOURCE_DIR/include/tare/tare.h
page=$SOURCE_DIR/docs/man/tare.3

names() {
    # Macros and functions, but for those whose name ends in _, which are not for users.
    grep -oE '^#define [A-Za-z_]+' "$header" | cut -d' ' -f2 | grep -v '_$' | grep -vE '^TARE_TARE_H$'
    grep -oE '^[a-z][A-Za-z0-9_ *]*\btare_[a-z_]+\(' "$header" | grep -oE 'tare_[a-z_]+' | grep -v '_$'
    # The lists.
    sed -n '/^#define TARE_STATISTICS/,/^$/s/.*X([a-z0-9_]*, \([a-z_]*\),.*/\1/p' "$header"
    sed -n '/^#define TARE_ERRORS/,/^$/s/.*X(\([A-Z_]*\), .*/TARE_ERROR_\1/p' "$header"
    sed -n '/^typedef enum tare_domain/,/^}/s/^ *\(TARE_[A-Z]*\) = .*/\1/p' "$header"
}

mapfile -t expected < <(names | sort -u)
((${#expected[@]} > 40)) || { echo "only ${#expected[@]} names found in tare.h"; exit 1; }
missing=0
for name in "${expected[@]}"; do
    grep -qE "(^|[^A-Za-z0-9_])$name([^A-Za-z0-9_]|$)" "$page" || { echo "not in tare.3: $name"; missing=1; }
done
mandoc -T lint -W warning "$page" || missing=1
exit $missing
