#!/bin/sh
# soak: memory of a server over 10 million requests, 100,000 TLS connections and a million timers
#
# Usage: ./dev bench soak [SCALE], SCALE 0.01 is a hundredth of each
# Needs: wrk openssl
set -eu
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
exec build/release/tests/bench_soak "$@"
