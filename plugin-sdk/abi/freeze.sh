#!/bin/sh
# freeze.sh: makes what is kept of a release of the ABI, for ever: a copy of its
# headers (v$version/include), its types as abidw sees them (virgo-$version.abi) and
# plugins compiled by gcc and clang, from C and C++ (tests/abi/golden/). The version is
# that of the newest section of CHANGES.md. One that has a "-" (1.1-rc) may be made
# again; any other never.
set -eu
cd -- "$(dirname -- "$0")/../.."
abi=plugin-sdk/abi
version=$(sed -n 's/^## \([^ ]*\).*/\1/p' $abi/CHANGES.md | head -n 1)
golden=tests/abi/golden/linux-$(uname -m)/$version

case $version in
  *-*) ;;
  *)
    [ ! -d "$abi/v$version" ] || {
      echo "freeze: $version is frozen already; begin a section for the next minor in CHANGES.md" >&2
      exit 1
    }
    ;;
esac
# Only headers that are what CHANGES.md says, and that keep what was promised.
sh tests/lint/abi.sh
sh tests/abi/headers/check.sh plugin-sdk
sh tests/abi/headers/mutate.sh plugin-sdk

sums() { # FOLDER
  lines=$(cd "$1" && find . -type f ! -name SHA256SUMS ! -name RECIPE | sed "s#^\./##" |
    LC_ALL=C sort | xargs sha256sum)
  echo "$lines" >"$1/SHA256SUMS"
}

rm -rf "${abi:?}/v$version"
mkdir -p "$abi/v$version/include"
tar -C plugin-sdk/include --exclude=virgo/testing -cf - virgo | tar -C "$abi/v$version/include" -xf -
sums "$abi/v$version"

sh tests/abi/drift.sh plugin-sdk --update

# Strings and debug information could name folders: there is none of the latter, and
# the sources are named relative to the tree.
flags="-O2 -fPIC -fvisibility=hidden -shared -pthread -s -Wl,--as-needed -Wl,-z,defs"
flags="$flags -Wl,--version-script=plugin-sdk/cmake/virgo_plugin.map"
flags="$flags -I$abi/v$version/include"
rm -rf "${golden:?}"
mkdir -p "$golden"
{
  echo "Made by plugin-sdk/abi/freeze.sh from tests/abi/plugins, against v$version:"
  echo
} >"$golden/RECIPE"
build() { # NAME COMPILER ARGUMENT...
  name=$1
  shift
  # shellcheck disable=SC2086 # words
  "$@" $flags -o "$golden/$name.so"
  echo "$* $flags -o $name.so" >>"$golden/RECIPE"
}
build gcc-c gcc -std=c90 -D_GNU_SOURCE tests/abi/plugins/c/*.c
build clang-c clang-16 -std=c90 -D_GNU_SOURCE tests/abi/plugins/c/*.c
build gcc-cxx g++ -std=c++17 tests/abi/plugins/cpp/*.cpp
build clang-cxx clang++-16 -std=c++17 tests/abi/plugins/cpp/*.cpp
{
  echo
  for compiler in gcc g++ clang-16 clang++-16; do "$compiler" --version | head -n 1; done
  ld --version | head -n 1
} >>"$golden/RECIPE"
sums "$golden"
ls -l "$golden"
