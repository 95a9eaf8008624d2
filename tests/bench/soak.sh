#!/bin/sh
# soak: memory of a server over 10 million requests, 100,000 TLS connections and a million timers
#
# Usage: ./dev bench soak [SCALE], SCALE 0.01 is a hundredth of each
# Needs: wrk openssl
set -eu
prlimit --pid $$ --nofile=65536:65536 2>/dev/null || true # ten thousand connections
exec build/release/tests/bench_soak "$@"
