#!/bin/bash
# run.sh BUILD_DIR: stages an installation of a (release) build and runs unit_test.sh with it on a real Debian host that
# SHADOWD_VM_SH boots: a program called as `PROGRAM run HOSTDIR SCRIPT`, which mounts HOSTDIR at /host there, runs the
# script as root and exits with its code. Exit code 77 (skipped) when there is no such program.
set -euo pipefail
if [[ -z ${SHADOWD_VM_SH:-} ]]; then
  echo "skipped: SHADOWD_VM_SH names no program that boots a virtual machine"
  exit 77
fi
build=$(realpath "${1:?BUILD_DIR}")
here=$(dirname "$(realpath "$0")")
host=$(mktemp -d)
trap 'rm -rf "$host"' EXIT
DESTDIR=$host/stage cmake --install "$build" >/dev/null
cp "$here/unit_test.sh" "$build/tests/child" "$host/"
bash "$SHADOWD_VM_SH" run "$host" unit_test.sh
