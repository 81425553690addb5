# SPDX-License-Identifier: MIT
# Runs a command in a recorded run, with its stores in a directory of its own
# that goes away afterwards. Without LIBTARE the program has tare linked in.
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT
TARE_STORE=$directory LD_PRELOAD=${LIBTARE:-} "$@"
