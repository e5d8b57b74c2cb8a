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

# Real workloads, which the sources do not carry, where they lie beside them.
if [[ -z ${SHADOWD_DATA:-} && -d ../shared/data/traces ]]; then
  SHADOWD_DATA=$(realpath ../shared/data)
  export SHADOWD_DATA
fi

source tests/install.sh
shadowd_install build test

cmake --preset release -DSHADOWD_TESTS=ON
cmake --build --preset release -j "$(nproc)"
# Some tests run real processes against the clock and need a machine that is not busy with something else: what fails is run
# once more, alone. What is broken fails again.
if ! ctest --preset release -j 2 "${quick[@]}" "$@"; then
  echo "once more, alone: what failed"
  ctest --preset release -j 1 --rerun-failed
fi
