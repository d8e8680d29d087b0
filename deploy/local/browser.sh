#!/bin/sh
# Finds Chromium for the browser tests, installs Debian's where that is allowed, else says so in one line.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests …"
    export DEBIAN_FRONTEND=noninteractive
    if { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "Chromium is missing, browser tests are not run (on Debian: apt-get install chromium)." >&2
