# Sourced by ./quickstart and ./check: need PACKAGE… installs what is missing, and nothing else.
# As another user than root it prints the one line to run, and goes on only if nothing is missing.
# No daemon is started: where the machine has no policy of its own, one is put in its way for the time of the installation.

BUILD_PACKAGES="g++ cmake ninja-build pkg-config ccache
  libpoco-dev libboost-program-options-dev libcli11-dev
  liblmdb-dev libssl-dev libcrypt-dev
  libicu-dev zlib1g-dev libidn2-dev"
RUN_PACKAGES="s6 curl openssl"
CHECK_PACKAGES="libgtest-dev clang libclang-rt-14-dev mandoc python3-minimal python3
  postgrey
  swaks libio-socket-ssl-perl libnet-ssleay-perl libauthen-sasl-perl
  mpop mutt
  isync offlineimap3 neomutt getmail6
  dovecot-core
  netcat-openbsd procps
  iproute2
  clamav clamav-daemon clamdscan
  msmtp fetchmail libsasl2-modules
  runit systemd binutils"

need() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    printf 'These packages are missing. Please run, then start again:\n  sudo apt-get install --no-install-recommends %s\n' \
      "${missing[*]}" >&2
    return 1
  fi
  printf 'Installing: %s\n' "${missing[*]}"
  local policy=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  local status=0
  { apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } || status=$?
  [ -z "$policy" ] || rm -f "$policy"
  return $status
}

# configure_and_build FOLDER [TARGET…] [-- CMAKE-OPTION…]
configure_and_build() {
  local folder=$1 targets=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=("$1"); shift; done
  [ $# -eq 0 ] || shift
  cmake -S . -B "$folder" -G Ninja -DTUBEPOST_BATCHES=ON "$@" >"$folder.configure.log" 2>&1 || { cat "$folder.configure.log" >&2; return 1; }
  rm -f "$folder.configure.log"
  cmake --build "$folder" ${targets[@]:+--target "${targets[@]}"}
}
