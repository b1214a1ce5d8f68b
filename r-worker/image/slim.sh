#!/bin/sh
# Removes compilers and what else only building needs: slim.sh [--remove]
#
# Without --remove it shows what would go, and changes nothing; with it, it is
# run as root, in an image and nowhere else.
set -eu
export DEBIAN_FRONTEND=noninteractive
tools='^((gcc|g\+\+|gfortran|cpp)(-[0-9]+)?(-x86-64-linux-gnu)?|binutils|make|build-essential|dpkg-dev|[a-z0-9.+-]*-dev)$'
# What R and its packages load while they run stays, whoever asked for it.
runtime='^(lib[a-z0-9.+-]*[0-9](t64)?|fonts-.*|python3.*)$'

installed() {
  dpkg-query --show --showformat '${binary:Package}\n' | sed 's/:.*//' |
    grep -E "$1" || true
}

removed=$(installed "$tools")
if [ -z "$removed" ]; then
  echo "nothing to remove"
  exit 0
fi
if [ "${1:-}" != --remove ]; then
  # shellcheck disable=SC2086  # a list of packages
  apt-get --simulate purge $removed | grep '^Purg'
  exit 0
fi
# shellcheck disable=SC2046  # a list of packages
apt-mark manual $(installed "$runtime") >/dev/null
# shellcheck disable=SC2086
apt-get purge -qq -y --auto-remove $removed >/dev/null
if command -v gcc || command -v make; then
  echo "a compiler is left" >&2
  exit 1
fi
