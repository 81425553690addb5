#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tests of pages share, upon tests/cli/lib.sh.
# shellcheck source=../cli/lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
export WEB_MODULES=$BUILD_DIR/tests/web/node_modules # as web_modules installed them

# install DIRECTORY: the packages of its package-lock.json. Without a registry there is nothing to test.
install_packages()
{
    command -v npm >/dev/null || skip "there is no npm (apt-get install nodejs npm)"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=30000) \
        >"$work/out" 2>"$work/err" && return
    ! grep -qE 'E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)|network' "$work/err" ||
        skip "the npm registry can't be reached"
    fail "npm ci in $1"
}

# in_browser SCRIPT [ARGUMENTS...]: by node, in headless Chromium.
in_browser()
{
    command -v chromium >/dev/null || skip "there is no chromium (apt-get install chromium)"
    [ -d "$WEB_MODULES/playwright-core" ] || skip "web_modules has not installed playwright-core"
    expect_status 0 node "$SOURCE_DIR/tests/web/$1" "${@:2}"
    cat "$work/out"
}
