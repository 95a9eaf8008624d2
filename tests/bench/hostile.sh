#!/bin/sh
# hostile: how late hostile Lua plugins are stopped, and how late ten good checks are beside them
#
# Usage: ./dev bench hostile [SECONDS]
set -eu
exec build/release/tests/bench_hostile "${1:-35}"
