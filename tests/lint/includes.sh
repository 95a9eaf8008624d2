# includes.sh FILES: who may include what. The rules are read from the link graph
# in host/src/CMakeLists.txt; includes.awk holds them.
list=$1
graph=host/src/CMakeLists.txt
grep -E '^(host|plugins|plugin-sdk|tests/plugins|tests/abi/plugins)/.*\.(c|h|cpp|hpp)$' "$list" |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done |
  xargs awk -f tests/lint/includes.awk "$graph"
