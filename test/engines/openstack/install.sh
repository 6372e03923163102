#!/usr/bin/env bash
# Installs what ./openstack.sh runs, from Debian's packages; as root. Nothing is started and no database is configured.
set -euo pipefail

packages=(keystone glance-api placement-api nova-api nova-conductor nova-scheduler nova-compute neutron-server
  rabbitmq-server python3-openstackclient mariadb-server python3-pymysql uwsgi-plugin-python3)
tries=3

fail() {
  echo "OpenStack cannot be installed: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'it needs root'
command -v apt-get >/dev/null || fail 'it needs the packages of Debian 12 or later'
dpkg --status "${packages[@]}" >/dev/null 2>&1 && exit 0

export DEBIAN_FRONTEND=noninteractive
for owner in keystone glance-common placement-common nova-common neutron-common; do
  echo "$owner ${owner%-common}/configure_db boolean false"
done | debconf-set-selections
for owner in keystone glance-api placement-api nova-api neutron-api neutron-server; do
  echo "$owner ${owner%-*}/register-endpoint boolean false"
done | debconf-set-selections

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
