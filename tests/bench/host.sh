#!/bin/sh
# host: CPU and system calls of one collection of all tier-1 checks, beside collectd and node_exporter
#
# Usage: ./dev bench host [SECONDS]
# Needs: collectd-core prometheus-node-exporter strace
set -eu
exec build/release/tests/bench_host "$@"
