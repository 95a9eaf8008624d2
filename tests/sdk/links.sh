#!/bin/sh
# links.sh CMAKE BUILD: what the pages of the installed SDK point at is installed too:
# the links to files, and the tests they name.
set -eu
cmake=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" -DCMAKE_INSTALL_PREFIX="$work" -P "$build/plugin-sdk/cmake_install.cmake" >/dev/null
sdk=$work/share/virgo/sdk
find "$sdk" -name '*.md' >"$work/pages"
count=0
bad=0
while read -r page; do
  {
    grep -o ']([^)#: ]*' "$page" | sed "s#^](#${page%/*}/#" || true
    # The page about the ABI names files of the source tree, and says so.
    [ "$page" = "$sdk/abi/README.md" ] ||
      grep -o 'tests/sdk/[a-z_]*\.cpp' "$page" | sed "s#^#$sdk/#" || true
  } >"$work/targets"
  while read -r target; do
    count=$((count + 1))
    [ -e "$target" ] && continue
    echo "${page#"$work/"}: ${target#"$work/"} is not installed" >&2
    bad=1
  done <"$work/targets"
done <"$work/pages"
echo "$count links"
[ "$count" -gt 10 ] && [ "$bad" -eq 0 ]
