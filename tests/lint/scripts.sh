# scripts.sh FILES: every shell script parses as POSIX sh; shellcheck too, where
# it is installed.
list=$1
code=0
for file in dev .ci/run $(grep '\.sh$' "$list"); do
  [ -f "$file" ] || continue
  # dash says "FILE: LINE: what".
  sh -n "$file" 2>&1 | sed 's/^\([^:]*\): \([0-9]*\):/\1:\2:/; s/$/; mend the syntax/' | grep . && code=1
  if command -v shellcheck >/dev/null; then
    shellcheck -s sh -f gcc "$file" || code=1
  fi
done
exit $code
