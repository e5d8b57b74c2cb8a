# Sourced: shadowd_install GROUP... installs the Debian packages of each group that are missing.
shadowd_packages_build=(g++ cmake ninja-build ccache mold pkg-config git libgrpc++-dev protobuf-compiler-grpc protobuf-compiler
  libprotobuf-dev libabsl-dev libboost1.81-dev libsqlite3-dev libspdlog-dev libfmt-dev libeigen3-dev libyaml-cpp-dev
  nlohmann-json3-dev libcli11-dev prometheus-cpp-dev libcivetweb-dev libsystemd-dev libssl-dev libsnappy-dev zlib1g-dev
  libnghttp2-dev)
shadowd_packages_test=(catch2 libbenchmark-dev haproxy prometheus nginx-light wrk hey iproute2 curl sqlite3 openssl)
shadowd_packages_demo=(haproxy curl jq procps)

shadowd_install() {
  local group missing=() sudo=()
  for group in "$@"; do
    local -n packages="shadowd_packages_$group"
    for package in "${packages[@]}"; do
      dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
  done
  ((${#missing[@]} == 0)) && return 0
  ((EUID == 0)) || sudo=(sudo)
  echo "installing: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
