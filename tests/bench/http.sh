#!/bin/sh
# http: requests per CPU second, latency and memory of HTTP servers, beside Node 20 and bare luv
#
# Usage: ./dev bench http [SECONDS [ROUNDS]]
# Needs: wrk openssl nodejs
set -eu
# The reference is Node 20; where the machine has another, npm has it.
node=$(command -v node || command -v nodejs)
case $("$node" --version) in
  v20.*) ;;
  *)
    command -v npm >/dev/null || { echo "http: needs npm to fetch Node 20" >&2; exit 2; }
    mkdir -p build/bench-node
    npm install --silent --prefix build/bench-node node@20 >&2
    node=$PWD/build/bench-node/node_modules/node/bin/node
    ;;
esac
prlimit --pid $$ --nofile=65536:65536 2>/dev/null || true # ten thousand connections
exec build/release/tests/bench_http "$node" "$@"
