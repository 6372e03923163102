#!/usr/bin/env bash
# Installs what ./slurm.sh runs, from Debian's packages; as root. Nothing is started.
set -euo pipefail

packages=(slurmctld slurmd slurmrestd slurm-client slurm-wlm-jwt-plugin munge)
tries=3

fail() {
  echo "Slurm cannot be installed: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'it needs root'
command -v apt-get >/dev/null || fail 'it needs the packages of Debian 12 or later'
dpkg --status "${packages[@]}" >/dev/null 2>&1 && exit 0

export DEBIAN_FRONTEND=noninteractive

# Packages start their services unless this says no.
if ! [ -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi

for try in $(seq "$tries"); do
  if apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update -q &&
    apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y -q --no-install-recommends "${packages[@]}"; then
    exit 0
  fi </dev/null
  echo "try $try of $tries failed" >&2
  sleep $((try * 5))
done
fail 'apt-get failed; what it said is above'
