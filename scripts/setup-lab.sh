#!/usr/bin/env bash
# npm run setup:lab: installs what the client tests and the benchmark need (Debian). Quick when all is there.
set -euo pipefail

packages=(
  user-mode-linux nfs-common rpcbind kmod iproute2 iputils-ping procps # a guest and its network
  e2fsprogs xfsprogs btrfs-progs acl quota git                         # what single tests use
  libnfs-utils nfs-ganesha nfs-ganesha-vfs                             # another client, another server
  etcd-server etcd-client openssl                                      # a coordinator of clusters
  tcpdump perl                                                         # who answers on a cluster's network, and what clients do there
  chromium                                                             # who reads the report page
)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = 'ii ' ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ] || [ ! -e /dev/net/tun ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "setup:lab: run me as root to install: ${missing[*]:-/dev/net/tun}" >&2
    exit 1
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  # The servers among the packages are started by tests, in namespaces; the host's ports 111 and 2049 stay free.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

if [ ! -e /dev/net/tun ]; then
  mkdir -p /dev/net
  mknod /dev/net/tun c 10 200
fi

echo "setup:lab: ${#packages[@]} packages are there"
