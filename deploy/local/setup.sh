#!/bin/sh
# Makes .venv from the pinned requirements; does nothing when it is up to date. Needs Python 3.11 or 3.12.
set -eu
cd "$(dirname "$0")/../.."
unset PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# Without a home of its own pip would keep its cache under a relative path, or complain that it cannot.
if [ -z "${HOME-}" ] || [ ! -w "$HOME" ]; then
    unset HOME
    export PIP_NO_CACHE_DIR=1
fi

stop() {
    echo "$*" >&2
    exit 1
}

# What the environment was made from. The folder counts too: its scripts name it.
wanted() {
    { cat requirements*.txt deploy/local/setup.sh; pwd -P; } | cksum
}

up_to_date() {
    [ -f .venv/made-from ] && [ "$(cat .venv/made-from)" = "$(wanted)" ] && .venv/bin/python -c "" 2>/dev/null
}

# A name on PATH may be a stand-in for a Python that is not there: only running it tells.
is_suitable() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:+"$PYTHON"} python3.12 python3.11 python3 python; do
        if is_suitable "$name" && "$name" -c "import venv, ensurepip" 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    # One without the part that puts pip into an environment (Debian packs it apart).
    for name in ${PYTHON:+"$PYTHON"} python3.12 python3.11 python3 python; do
        if is_suitable "$name"; then
            echo "$name"
            return
        fi
    done
}

make_environment() {
    python=$1
    rm -rf .venv
    if "$python" -c "import venv, ensurepip" 2>/dev/null; then
        "$python" -m venv .venv
        return
    fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing python$version-venv …"
        { DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "python$version-venv"; } >/dev/null 2>&1 &&
            "$python" -m venv .venv && return
        rm -rf .venv
    fi
    # pip of the system can fill an environment that has none.
    if "$python" -m venv --without-pip .venv 2>/dev/null &&
        "$python" -m pip --python .venv/bin/python install --quiet pip 2>/dev/null; then
        return
    fi
    rm -rf .venv
    if "$python" -m pip install --quiet --user virtualenv 2>/dev/null &&
        "$python" -m virtualenv --quiet .venv 2>/dev/null; then
        return
    fi
    rm -rf .venv
    stop "Python $version cannot make an environment: install python$version-venv (apt-get install python$version-venv)."
}

up_to_date && exit 0
if command -v flock >/dev/null 2>&1; then
    # Two first commands at once: the second waits, and finds all done.
    exec 9<deploy/local/setup.sh
    flock 9
    up_to_date && exit 0
fi

if [ -f .venv/made-from ] && [ "$(tail -n 1 .venv/made-from-folder 2>/dev/null)" = "$(pwd -P)" ] &&
    .venv/bin/python -c "" 2>/dev/null; then
    echo "Updating .venv …"
else
    python=$(find_python)
    [ -n "$python" ] || stop "Python 3.11 or 3.12 is needed and was not found: install it, or set PYTHON to its path."
    echo "Making .venv with $("$python" --version) (about a minute) …"
    make_environment "$python"
fi
# Gone while the work is half done: an interrupted setup begins anew.
rm -f .venv/made-from
.venv/bin/python -m pip install --quiet --requirement requirements-dev.txt ||
    stop "The requirements could not be installed, see above; run \`make setup\` again."
pwd -P >.venv/made-from-folder
wanted >.venv/made-from
