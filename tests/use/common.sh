# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For the scripts of this folder: a scratch directory, and tare installed in it.

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
here=$SOURCE_DIR/tests/use
compilers=("gcc g++" "clang clang++")

# install_tare: installs what was built below $prefix, which pkg-config and CMake then find. It is
# installed below another name and moved, so that no path of the first can be in use.
install_tare() {
    DESTDIR=$scratch/staged cmake --install "$BUILD_DIR" --prefix /first >"$scratch/install.log"
    prefix=$scratch/second
    mv "$scratch/staged/first" "$prefix"
    if grep -r "/first\|$BUILD_DIR\|$SOURCE_DIR" "$prefix/lib" --include='*.pc' --include='*.cmake'; then
        echo "a path of the build is in what was installed"
        exit 1
    fi
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig CMAKE_PREFIX_PATH=$prefix LD_LIBRARY_PATH=$prefix/lib
}

# build_and_test <folder> [options]: configures, builds at -O2 and tests that CMake project, by each compiler.
build_and_test() {
    local compiler
    for compiler in "${compilers[@]}"; do
        read -r cc cxx <<<"$compiler"
        cmake -S "$here/$1" -B "$scratch/$1-$cc" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
            -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" "${@:2}" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
        cmake --build "$scratch/$1-$cc" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
        ctest --test-dir "$scratch/$1-$cc" --output-on-failure --no-tests=error
    done
}

# pkg_config_consumers <package> <mode> [link options]: builds and runs both consumers by each compiler.
pkg_config_consumers() {
    local package=$1 mode=$2 compiler flags libs
    shift 2
    flags=$(pkg-config --cflags "$package")
    libs=$(pkg-config --libs "$package")
    for compiler in "${compilers[@]}"; do
        read -r cc cxx <<<"$compiler"
        # shellcheck disable=SC2086 # lists of flags
        "$cc" -O2 $flags "$here/consumer/consumer.c" -o "$scratch/c" "$@" $libs
        "$scratch/c" "$mode"
        [[ $mode != wrap ]] || continue # operator new is in the C++ library, which --wrap does not reach
        # shellcheck disable=SC2046,SC2086
        "$cxx" -O2 $flags $(pkg-config --variable="cxxflags_$cc" "$package") "$here/consumer/consumer.cpp" \
            -o "$scratch/cpp" "$@" $libs
        "$scratch/cpp" "$mode"
    done
}
