# abi.sh: no change of the SDK's headers without a word in CHANGES.md. Its newest
# section, the first, holds a fingerprint of them, so that this works without a
# history: sha256 over the sha256sum of each header, sorted by name, without those in
# testing/, which plugins are not compiled with.
changes=plugin-sdk/abi/CHANGES.md
now=$(cd plugin-sdk/include &&
  find . -name testing -prune -o -type f \( -name '*.h' -o -name '*.hpp' \) -print |
  LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-64)
# Number of the section's first line, or of that with the fingerprint, and this.
found=$(awk '
  /^## / { if (title) exit; title = line = NR }
  title && /^Headers: `[0-9a-f]*`$/ { line = NR; value = $2; gsub(/`/, "", value); exit }
  END { print line + 0, value }' "$changes")
[ "${found#* }" = "$now" ] && exit 0
echo "$changes:${found%% *}: plugin-sdk/include has changed; say what has in the newest section (begin one for the next minor after a release), and put into it the line: Headers: \`$now\`"
exit 1
