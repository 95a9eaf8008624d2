#!/bin/sh
# reload: a Lua plugin of nine checks replaced 1,000 times under load: time, memory, and that no tick is lost
#
# Usage: ./dev bench reload [TIMES]
set -eu
VIRGO_RELOADS=${1:-1000} exec build/release/tests/functional/functional \
  --gtest_filter=ReloadedPlugin.AgainAndAgainUnderLoad --gtest_brief=1
