#!/bin/sh
# System packages that Robyn runs on, beside R: libraries, fonts, Python.
#
# On Ubuntu (the image) and Debian; as root. What R itself needs is there.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends \
  ca-certificates fontconfig fonts-dejavu-core libcairo2 libcurl4 libxml2 \
  python3 python3-venv >/dev/null
rm -rf /var/lib/apt/lists/*
fc-list | grep -q DejaVu
