#!/bin/sh
# abi: what the plugin ABI costs per sample and per run, beside a C++ virtual call and collectd
#
# Usage: ./dev bench abi
# Needs: collectd-core collectd-dev
set -eu
folder=build/release/tests/bench/collectd
if [ -f /usr/include/collectd/core/daemon/plugin.h ] && command -v collectd >/dev/null; then
  mkdir -p "$folder"
  cc -O2 -shared -fPIC -DHAVE_CONFIG_H -I/usr/include/collectd/core/daemon \
    -I/usr/include/collectd/core -I/usr/include/collectd tests/bench/collectd/virgo_bench.c -o "$folder/virgo_bench.so"
else
  echo "abi: collectd and its headers are not installed: without them" >&2
  folder=
fi
exec build/release/tests/bench_abi ${folder:+"$(pwd)/$folder"}
