#!/bin/sh
# footprint: memory and CPU of the agent with all tier-1 checks, static and shared, beside collectd and node_exporter
#
# Usage: ./dev bench footprint [SECONDS]
# Needs: collectd-core libcurl3-gnutls libyajl2 prometheus-node-exporter
set -eu
./dev build release-shared
sync # the pages of a fresh binary that are not on the disk yet would count as dirty
exec build/release/tests/bench_footprint build/release/bin/virgo build/release-shared/bin/virgo "$@"
