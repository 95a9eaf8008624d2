#!/bin/sh
# docs_compile.sh CC CXX INCLUDE PAGE...: the whole modules among the code blocks of
# these pages compile without a warning. A block is whole if it has its entry.
set -eu
cc=$1 cxx=$2 include=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk -v work="$work" '
  /^```(c|cpp)$/ { language = substr($0, 4); block = ""; next }
  /^```/ {
    if (language != "" && block ~ /VIRGO_(CXX_MODULE|MODULE_ENTRY)\(/ && block ~ /#include/) {
      file = work "/" ++n "." language
      printf "%s", block > file
      close(file)
    }
    language = ""
    next
  }
  language != "" { block = block $0 "\n" }' "$@"
warnings="-Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only"
count=0
for file in "$work"/*; do
  [ -f "$file" ] || break
  count=$((count + 1))
  # shellcheck disable=SC2086 # lists of words
  case $file in
    *.cpp) $cxx -std=c++17 $warnings -I "$include" "$file" ;;
    *) $cc -std=c99 $warnings -I "$include" "$file" ;;
  esac
done
echo "$count modules compile"
[ "$count" -gt 0 ]
