# plugins.sh FILES: the native checks that ship, and the SDK's examples, are built as
# anybody's: with virgo_add_plugin(), against nothing of the host. What they include,
# includes.sh looks at.
list=$1
code=0

build_files=$(grep -E '^(plugins|plugin-sdk/examples)/.*(CMakeLists\.txt|\.cmake)$' "$list" |
  while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
# shellcheck disable=SC2086 # one file a word
awk '
  function finding(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; found = 1 }
  { sub(/#.*/, "") }
  # An object of shared/ that every plugin links is not a plugin.
  /add_library *\(/ && !/ OBJECT shared\// { finding("add_library(): build plugins with virgo_add_plugin()") }
  /add_executable *\(/ && FILENAME ~ /^plugins\// {
    finding("add_executable(): plugins/ holds plugins only; tests of them are in tests/unit/plugins")
  }
  {
    line = $0
    while (match(line, /virgo(_ext)?::[a-z_]+|(^|[^a-z_])virgo_(base|uv|json|crypto|net|config|metric|check|schedule|native|lua|deliver|endpoint|script|agent|cli)([^a-z_]|$)/)) {
      name = substr(line, RSTART, RLENGTH)
      line = substr(line, RSTART + RLENGTH)
      gsub(/[^a-z_:]/, "", name)
      if (name != "virgo::compile")
        finding("\"" name "\" is of the host; a plugin links Virgo::plugin, which virgo_add_plugin() does, and libraries of its own")
    }
  }
  /(^|[^a-z_])host\// { finding("names a folder of the host; a plugin gets nothing from there") }
  END { exit found }' $build_files /dev/null || code=1

# Sources that nothing builds, or something else does.
orphans=$(grep -E '^plugins/.*\.(c|cpp)$' "$list" | grep -v '^plugins/shared/' | while read -r source; do
  [ -f "$source" ] || continue
  folder=$(dirname "$source")
  grep -qs virgo_add_plugin "$folder/CMakeLists.txt" ||
    echo "$source:1: there is no virgo_add_plugin() in $folder/CMakeLists.txt that builds it; add it"
done)
[ -z "$orphans" ] || {
  echo "$orphans"
  code=1
}
exit $code
