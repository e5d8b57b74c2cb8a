#!/bin/bash
# Runs R's `forecast` package and this project's forecast over the same traces from the same origins and prints both beside each
# other and their ratio, in error and in CPU seconds (about a quarter of an hour of one core).
#
#   bash tests/bench/peers/run.sh [--install] [--validation] [NAME...]
#
# Traces are those of $SHADOWD_DATA/traces; NAMEs choose some. --install fetches R and the package with apt first. The program is
# $BENCH_FORECAST, build/release/bin/bench_forecast by default.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bench=${BENCH_FORECAST:-$here/../../../build/release/bin/bench_forecast}
validation=()
names=()
for argument in "$@"; do
  case $argument in
    --install) apt-get install -y --no-install-recommends r-base-core r-cran-forecast ;;
    --validation) validation=(--validation) ;;
    -*) echo "run.sh: unknown option $argument" >&2; exit 2 ;;
    *) names+=("$argument") ;;
  esac
done
if ! command -v Rscript > /dev/null; then
  echo "run.sh: Rscript is not installed; --install fetches it" >&2
  exit 1
fi
if [ ! -d "${SHADOWD_DATA:-}/traces" ]; then
  echo "run.sh: SHADOWD_DATA names no folder with traces/" >&2
  exit 1
fi
if [ ! -x "$bench" ]; then
  echo "run.sh: $bench is not built" >&2
  exit 1
fi

scores=$(mktemp -d)
trap 'rm -r "$scores"' EXIT
Rscript "$here/peers.R" "$SHADOWD_DATA/traces" "$scores" "${validation[@]}" "${names[@]}"
"$bench" traces "${validation[@]}" --peers "$scores" ${names[@]+--only "${names[@]}"}
