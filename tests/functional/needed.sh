#!/bin/sh
# needed.sh FILE LIBRARY...: the shared object needs no other library than these.
set -eu
file=$1
shift
extra=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r needed; do
  case " $* " in *" $needed "*) ;; *) echo "$needed" ;; esac
done)
[ -z "$extra" ] || {
  echo "$file needs $extra" >&2
  exit 1
}
