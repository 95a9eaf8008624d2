# sums.sh FOLDER...: what is frozen stays as it was. Each folder holds the files that
# its SHA256SUMS names, unchanged, and no others (but RECIPE).
code=0
for folder in "$@"; do
  (
    cd "$folder" || exit 1
    sha256sum --strict --quiet -c SHA256SUMS || exit 1
    named=$(sed 's/^[0-9a-f]*  //' SHA256SUMS | sort)
    present=$(find . -type f ! -name SHA256SUMS ! -name RECIPE | sed 's#^\./##' | sort)
    [ "$named" = "$present" ] || {
      echo "SHA256SUMS does not name what is there: $present"
      exit 1
    }
  ) || {
    echo "sums: $folder was changed. Take the change back: what is released stays as it is." >&2
    code=1
  }
done
[ $# != 0 ] || {
  echo "sums: nothing to look at" >&2
  code=1
}
exit $code
