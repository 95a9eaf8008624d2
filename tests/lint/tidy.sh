# tidy.sh BUILD_DIR JOBS: clang-tidy on what BUILD_DIR compiles of host,
# plugins and plugin-sdk. A clean file leaves a stamp in ~/.cache/virgo-lint: the
# checksums of all it includes from this tree, of .clang-tidy and of its compile
# command. It is looked at again when one of those changed, in this clone or another.
build=$1
jobs=$2
stamps=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/virgo-lint
mkdir -p "$stamps" 2>/dev/null && [ -w "$stamps" ] || stamps=$build/lint
mkdir -p "$stamps"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# CMake writes each command and its file on a line of their own.
root=$(pwd -P)
version=$(clang-tidy-16 --version | tr -d '\n')
awk -v root="$root/" -v work="$work" -v version="$version" '
  /^  "command": / { command = $0 }
  /^  "file": / {
    file = $2
    gsub(/[",]/, "", file)
    if (index(file, root) != 1) next
    file = substr(file, length(root) + 1)
    if (file !~ /^(host|plugins|plugin-sdk)\// || seen[file]++) next
    name = file
    gsub(/\//, "-", name)
    sub(/^  "command": "/, "", command)
    sub(/ -o .*/, "", command)
    gsub(/\\"/, "\"", command)
    print command > (work "/" name ".command")
    close(work "/" name ".command")
    # The same wherever the clone is, and not for another clang-tidy.
    while (at = index(command, root)) command = substr(command, 1, at - 1) substr(command, at + length(root))
    print version command > (work "/" name ".key")
    close(work "/" name ".key")
    print file, name
  }' "$build/compile_commands.json" >"$work/all"

while read -r file name; do
  if [ -f "$stamps/$name" ] && cmp -s "$work/$name.key" "$stamps/$name.key" &&
    sha256sum -c --status "$stamps/$name" 2>/dev/null; then
    continue
  fi
  echo "$file $name"
done <"$work/all" >"$work/todo"

total=$(wc -l <"$work/todo")
[ "$total" = 0 ] && exit 0
echo "lint: clang-tidy on $total of $(wc -l <"$work/all") files"
: >"$work/findings"

# One file: print its findings, or leave its stamp.
cat >"$work/one.sh" <<'END'
file=$1 name=$2 build=$3 work=$4 stamps=$5
if clang-tidy-16 --quiet -p "$build" "$file" >"$work/$name.out" 2>"$work/$name.err"; then
  command=$(cat "$work/$name.command")
  # -MM lists what the file includes, but system headers.
  deps=$(cd "$build" && eval "$command" -MM -MT x "$OLDPWD/$file" 2>/dev/null) || exit 0
  echo "$deps" | tr -d '\\' | tr ' ' '\n' | grep -v -e '^x:$' -e '^$' |
    (cd "$build" && xargs realpath --relative-to="$OLDPWD") | sort -u |
    xargs sha256sum .clang-tidy >"$work/$name.stamp" &&
    mv "$work/$name.stamp" "$stamps/$name" && mv "$work/$name.key" "$stamps/$name.key"
else
  cat "$work/$name.out" >>"$work/findings"
  # No finding, yet it failed: say why.
  [ -s "$work/$name.out" ] || sed "s#^#$file:1: clang-tidy: #" "$work/$name.err" >>"$work/findings"
fi
END
sed "s#\$# $build $work $stamps#" "$work/todo" | xargs -P "$jobs" -n 5 sh "$work/one.sh"

# Headers are seen through BUILD_DIR/include-view and by many files: name them by
# their place in the tree, once.
sed -n 's/^\([^ :]*:[0-9]*\):[0-9]*: error: /\1: /p; /: clang-tidy: /p' "$work/findings" |
  sed -e "s#^$root/##" -e "s#^$build/include-view/[^/]*/#host/src/#" \
    -e 's/ \[\([^],]*\)[^]]*\]$/; mend it, or say why not with NOLINT(\1)/' | sort -u >"$work/report"
[ -s "$work/report" ] || [ ! -s "$work/findings" ] || cp "$work/findings" "$work/report"
cat "$work/report"
[ ! -s "$work/report" ]
