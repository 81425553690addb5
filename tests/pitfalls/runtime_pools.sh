# SPDX-License-Identifier: MIT
# An empty C++ program reports no leaks: the pool of libstdc++ is counted, and
# named apart. A leak of the same size that is the program's own is reported.
programs=$BUILD_DIR/tests/pitfalls
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT

value() { # name line
    local rest=${2#* "$1"=}
    echo "${rest%% *}"
}

TARE_STORE=$directory LD_PRELOAD=$LIBTARE "$programs/empty_main" || exit 1
line=$("$programs/print_store" "$directory"/*.tare) || { echo "$line"; exit 1; }
echo "$line"
[ "$(value leaked_allocations "$line")" = 0 ] || { echo "blocks leaked"; exit 1; }
[ "$(value leaked_bytes "$line")" = 0 ] || { echo "bytes leaked"; exit 1; }
[ "$(value runtime_blocks "$line")" -ge 1 ] || { echo "no pool of the runtime was seen"; exit 1; }
[ "$(value runtime_bytes "$line")" -ge 1 ] || { echo "the pool of the runtime has no size"; exit 1; }
[ "$(value allocations "$line")" -ge "$(value runtime_blocks "$line")" ] || { echo "the pool is not counted"; exit 1; }

rm "$directory"/*.tare
TARE_STORE=$directory LD_PRELOAD=$LIBTARE "$programs/leaking_main" || exit 1
line=$("$programs/print_store" "$directory"/*.tare) || { echo "$line"; exit 1; }
echo "$line"
[ "$(value leaked_allocations "$line")" = 1 ] || { echo "its one leak is missing"; exit 1; }
[ "$(value leaked_bytes "$line")" = 72704 ] || { echo "its one leak has another size"; exit 1; }
[ "$(value runtime_blocks "$line")" = 1 ] || { echo "its leak was taken for the runtime's"; exit 1; }
