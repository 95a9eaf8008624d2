#!/bin/sh
# lua: cost of a Lua check's run and memory, beside a native check and collectd's Lua plugin
#
# Usage: ./dev bench lua [ROUNDS]
# Needs: collectd-core liblua5.3-0
set -eu
exec build/release/tests/bench_lua "$@"
