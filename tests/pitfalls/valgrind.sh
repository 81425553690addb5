# SPDX-License-Identifier: MIT
# Valgrind puts its own malloc in the place of everybody's. The canary does not
# come home then, and the first scope ends the program with a message. Where
# Valgrind is told to leave malloc alone, figures are exact.
program=$BUILD_DIR/tests/pitfalls/measures
if ! command -v valgrind >/dev/null; then
    echo "skipped: no valgrind"
    exit 77
fi

if output=$(valgrind --quiet "$program" 2>&1); then
    echo "measured in spite of Valgrind's malloc:"
    echo "$output"
    exit 1
fi
case $output in
*"tare_is_attached() "* | *"tare_is_attached()"*) ;;
*) echo "$output"; echo "the program did not see that it is not attached"; exit 1 ;;
esac
if output=$(valgrind --quiet "$BUILD_DIR/tests/pitfalls/measures_at_once" 2>&1); then
    echo "measured in spite of Valgrind's malloc:"
    echo "$output"
    exit 1
fi
case $output in
*"tare is not attached"*somalloc=nouserintercepts*) ;;
*) echo "$output"; echo "the message is not the one expected"; exit 1 ;;
esac

output=$(valgrind --quiet --soname-synonyms=somalloc=nouserintercepts "$program" 2>&1) ||
    { echo "$output"; echo "not exact with malloc left alone"; exit 1; }
