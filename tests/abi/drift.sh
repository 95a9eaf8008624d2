# drift.sh SDK_DIR [--update]: an alarm that rings at any change of the ABI, good or
# bad: abidiff between virgo-VERSION.abi, where VERSION is the newest section of
# abi/CHANGES.md, and what abidw writes down of today's headers. No change is
# suppressed, and --harmless shows also what abidiff would call harmless: names of
# members, new enumerators. --update writes the file anew.
#
# The compiler's flags are fixed and the file holds no paths, so neither the build
# type nor the place of the checkout shows in it.
set -eu
abi=$(cd "$1/abi" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^## \([^ ]*\).*/\1/p' "$abi/CHANGES.md" | head -n 1)
golden=$abi/virgo-$version.abi

command -v abidw >/dev/null || {
  echo "drift: abidw is not installed; ./dev deps installs it (abigail-tools) on Debian 12" >&2
  exit 1
}

write_down() { # INCLUDE_DIR NAME
  g++ -std=c++17 -g -gdwarf-4 -O0 -shared -fPIC -fvisibility=hidden -I"$1" anchor.cpp -o "$2.so"
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-architecture \
    --out-file "$2.abi" "$2.so"
}
differs() { # FILE FILE
  ! abidiff --harmless --no-architecture "$1" "$2" >differences 2>&1
}

cp -R "$abi/anchor.cpp" "$abi/../include" "$work"
cd "$work"
write_down include today
if [ "${2:-}" = --update ]; then
  case $version in
    *-*) ;;
    *)
      [ ! -f "$golden" ] || {
        echo "drift: $version is released: virgo-$version.abi is never written again. Begin a section for the next minor in CHANGES.md" >&2
        exit 1
      }
      ;;
  esac
  cp today.abi "$golden"
  echo "drift: wrote plugin-sdk/abi/virgo-$version.abi"
  exit
fi

# An alarm that never rings is none: hear it once.
cp -R include changed
sed -i 's/VIRGO_ERR_STALE = -8/VIRGO_ERR_STALE = -11/' changed/virgo/plugin.h
write_down changed changed
differs today.abi changed.abi || {
  echo "drift: abidiff does not see a status that was renumbered; the alarm is out of order" >&2
  exit 1
}

[ -f "$golden" ] || {
  echo "drift: there is no plugin-sdk/abi/virgo-$version.abi; write it: sh tests/abi/drift.sh plugin-sdk --update" >&2
  exit 1
}
if differs "$golden" today.abi; then
  cat differences
  cat >&2 <<EXPLAIN
drift: plugin-sdk/include is no longer the ABI of plugin-sdk/abi/virgo-$version.abi.
If that is what you want, and abi.headers and abi.mutations pass: write a line about it
into plugin-sdk/abi/CHANGES.md and run: sh tests/abi/drift.sh plugin-sdk --update
EXPLAIN
  exit 1
fi
echo "the ABI is that of virgo-$version.abi: $(grep -c '<function-type \|<class-decl \|<enum-decl ' "$golden") types"
