#!/usr/bin/env bash
# All tests, from nothing: installs what is missing, builds, runs.
#   bash tests/run.sh [--quick] [ctest arguments]      --quick leaves out the tests labelled slow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=()
if [[ ${1:-} == --quick ]]; then
  quick=(-LE slow)
  shift
fi

source tests/install.sh
shadowd_install build test

cmake --preset release -DSHADOWD_TESTS=ON
cmake --build --preset release -j "$(nproc)"
ctest --preset release -j 2 "${quick[@]}" "$@"
