#!/bin/sh
# Finds PostgreSQL 15, Redis and nginx of the system for the tests of the deployment, installs Debian's where that is
# allowed, else says what is missing. Their services are not started: the tests start their own.
set -eu
PATH=$PATH:/usr/sbin:/sbin

missing() {
    [ -x /usr/lib/postgresql/15/bin/initdb ] || echo postgresql-15
    command -v redis-server >/dev/null 2>&1 || echo redis-server
    command -v nginx >/dev/null 2>&1 || echo nginx
    command -v openssl >/dev/null 2>&1 || echo openssl
}

# While this file stands, installing a package starts no service (Debian's own way).
without_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    status=0
    "$@" || status=$?
    rm -f "$policy"
    return "$status"
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"; } >/dev/null 2>&1
}

packages=$(missing | tr "\n" " ")
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing ${packages}for the tests of the deployment …"
    # shellcheck disable=SC2086
    without_services install_packages $packages || true
    packages=$(missing | tr "\n" " ")
    [ -n "$packages" ] || exit 0
fi
echo "Tests of the deployment are not run (on Debian: apt-get install ${packages% })." >&2
