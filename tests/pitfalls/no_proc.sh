# SPDX-License-Identifier: MIT
# With nothing mounted where /proc should be: measuring and a recorded run work
# as ever; only the program's path is not known.
programs=$BUILD_DIR/tests/pitfalls
if ! unshare --mount true 2>/dev/null; then
    echo "skipped: no right to make a mount namespace"
    exit 77
fi
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT

without_proc() {
    unshare --mount bash -c 'mount -t tmpfs none /proc && exec "$@"' -- "$@"
}

without_proc "$programs/measures" no_proc || { echo "measuring fails"; exit 1; }
without_proc env TARE_STORE="$directory" LD_PRELOAD="$LIBTARE" TARE_FOLLOW=0 "$programs/measures" no_proc ||
    { echo "a recorded run fails"; exit 1; }
without=$("$programs/print_store" "$directory"/*.tare) || { echo "$without"; exit 1; }
rm "$directory"/*.tare
TARE_STORE=$directory LD_PRELOAD=$LIBTARE "$programs/measures" || exit 1
with=$("$programs/print_store" "$directory"/*.tare) || { echo "$with"; exit 1; }
echo "$without"
if [ "$without" != "${with% program=*} program=" ]; then
    echo "it differs from the record of a run with /proc:"
    echo "$with"
    exit 1
fi
