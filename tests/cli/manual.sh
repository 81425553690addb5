#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual has every option, command and statistic that the command has, and
# no other.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
manual=$SOURCE_DIR/docs/man

options_of_manual()
{
    grep '^\.It Fl' "$1" | grep -oE 'Fl -[a-z-]+' | sed 's/Fl -/--/' | sort
}
options_of_help()
{
    sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort
}

for command in convert diff merge oom report top trace run; do
    expect_status 0 "$TARE" "$command" --help
    expect_equal "$(options_of_manual "$manual/tare-$command.1")" "$(options_of_help <"$work/out")" \
        "options of tare-$command.1"
done
sed -n '/^Statistics/,/^$/s/^  \([a-z_]*\) .*/\1/p' "$work/out" | sort >"$work/statistics"
[ "$(wc -l <"$work/statistics")" -ge 10 ] || fail "the help lists no statistics"
sed -n 's/^\.It Cm \([a-z_]*\)$/\1/p' "$manual/tare-run.1" | sort >"$work/in_manual"
expect_equal "$(cat "$work/in_manual")" "$(cat "$work/statistics")" "statistics of tare-run.1"

expect_status 0 "$TARE" --help
expect_equal "$(options_of_manual "$manual/tare.1")" "$(options_of_help <"$work/out")" "options of tare.1"
sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/out" >"$work/commands"
[ -s "$work/commands" ] || fail "the help lists no commands"
while read -r command; do
    [ -e "$manual/tare-$command.1" ] || fail "no manual of tare $command"
    grep -q "^\.Xr tare-$command 1" "$manual/tare.1" || fail "tare.1 does not name tare-$command"
done <"$work/commands"

if command -v mandoc >/dev/null; then
    expect_status 0 mandoc -T lint -W warning "$manual"/tare*.1
fi
