#!/bin/sh
# footprint: memory and CPU of the agent with its five checks, static and shared libraries
#
# Usage: ./dev bench footprint [SECONDS]
set -eu
./dev build release-shared
exec build/release/tests/bench_footprint build/release/bin/virgo build/release-shared/bin/virgo "$@"
