# check.sh SDK_DIR: the SDK's headers compile without a warning, alone, twice and
# in either order, in every standard of C and C++, with gcc and clang; they have no
# implicit padding; their layout does not depend on -fshort-enums and
# -funsigned-char; and no assertion about them is missing.
set -eu
sdk=$(cd "$1" && pwd -P)
here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for compiler in gcc g++ clang-16 clang++-16; do
  command -v "$compiler" >/dev/null || {
    echo "headers: $compiler is not installed; ./dev deps installs it on Debian 12" >&2
    exit 1
  }
done

plugin='#include <virgo/plugin.h>'
loop='#include <virgo/ext/loop.h>'
printf '%s\n' "$plugin" "$plugin" "int end;" >"$work/plugin.c"
printf '%s\n' "$loop" "$loop" "int end;" >"$work/loop.c"
printf '%s\n' "$plugin" "$loop" "int end;" >"$work/plugin_loop.c"
printf '%s\n' "$loop" "$plugin" "int end;" >"$work/loop_plugin.c"
printf '%s\n' "#include <virgo/plugin.hpp>" "#include <virgo/plugin.hpp>" >"$work/plugin.cpp"
cp "$here"/*.c "$here"/*.cpp "$work"
cd "$sdk" # names without the path of the checkout, which may hold spaces
c_files="plugin.c loop.c plugin_loop.c loop_plugin.c every_macro.c"

# One line a compiler call.
strict="-fsyntax-only -Wall -Wextra -pedantic -Werror -Iinclude"
{
  for file in $c_files; do
    for standard in c89 c99 c11 c17 c2x; do
      for compiler in gcc clang-16; do
        echo "$compiler -std=$standard $strict -Wpadded -Wc++-compat -Wstrict-prototypes $work/$file"
      done
    done
    for standard in c++98 c++11 c++14 c++17 c++20 c++2b; do
      for compiler in g++ clang++-16; do
        echo "$compiler -x c++ -std=$standard $strict -Wpadded -Wold-style-cast $work/$file"
      done
    done
  done
  for standard in c++17 c++20 c++2b; do
    for compiler in g++ clang++-16; do
      for runtime in "" "-fno-exceptions -fno-rtti"; do
        echo "$compiler -std=$standard $strict -Wold-style-cast $runtime $work/plugin.cpp"
        echo "$compiler -std=$standard $strict -Wold-style-cast $runtime $work/check_class.cpp"
      done
    done
  done
  for layout in "" -fshort-enums -funsigned-char; do
    for compiler in g++ clang++-16; do
      for assertions in abi/abi_v1_*.cpp; do
        echo "$compiler -std=c++17 $layout -fsyntax-only -Wall -Werror -Iinclude $assertions"
      done
    done
    for compiler in gcc clang-16; do
      echo "$compiler -std=c99 $layout $strict -Wpadded $work/every_macro.c"
    done
  done
} >"$work/calls"

# A call that fails is printed whole, behind what the compiler said.
failed=0
# shellcheck disable=SC2016 # $1 is the inner shell's
xargs -P "$(nproc)" -d '\n' -n 1 sh -c '$1 2>&1 || { echo "  failed: $1"; exit 1; }' - \
  <"$work/calls" || failed=1

awk -f "$here/complete.awk" assertions=1 abi/abi_v1_*.cpp \
  assertions=0 include/virgo/plugin.h include/virgo/ext/*.h || failed=1
[ "$failed" = 0 ] && echo "$(wc -l <"$work/calls") compiler calls, none with a warning"
exit "$failed"
