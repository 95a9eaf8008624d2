#!/bin/sh
# all.sh BUILD_DIR JOBS: every lint, each finding as "file:line: what; what to
# do". BUILD_DIR is configured (it holds compile_commands.json) and keeps what
# was found clean, so that the next run only looks at what changed.
set -u
build=$1
jobs=$2
here=tests/lint
failed=

files=$(mktemp)
trap 'rm -f "$files"' EXIT
# Tracked and new files; without git, everything that is not a build tree.
if ! git ls-files -co --exclude-standard >"$files" 2>/dev/null; then
  find . -path ./build -prune -o -path ./.git -prune -o -type f -print | sed 's#^\./##' >"$files"
fi

check() { # TITLE COMMAND...
  title=$1
  shift
  began=$(date +%s)
  if "$@"; then
    echo "lint: $title: ok ($(($(date +%s) - began)) s)"
  else
    failed="$failed $title"
    echo "lint: $title: FAILED"
  fi
}

check scripts sh "$here/scripts.sh" "$files"
check includes sh "$here/includes.sh" "$files"
check plugins sh "$here/plugins.sh" "$files"
check abi sh "$here/abi.sh"
check format sh "$here/format.sh" "$files"
check tidy sh "$here/tidy.sh" "$build" "$jobs"

[ -z "$failed" ] || {
  echo "lint: findings in:$failed"
  exit 1
}
