# format.sh FILES: C and C++ is as clang-format writes it, but for what is frozen.
list=$1
out=$(grep -E '\.(c|h|cpp|hpp)$' "$list" | grep -v '^plugin-sdk/abi/v[0-9]' |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done |
  xargs clang-format-16 --dry-run -Werror 2>&1 |
  sed -n 's/^\([^ :]*:[0-9]*\):[0-9]*: error: .*/\1: not formatted; run clang-format-16 -i on the file/p' |
  sort -t: -k1,1 -u)
[ -z "$out" ] || {
  echo "$out"
  exit 1
}
