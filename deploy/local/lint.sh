#!/bin/sh
# Checks the files of the deployment: Dockerfile, compose.yaml, YAML, shell scripts. No network, no container engine.
set -eu
cd "$(dirname "$0")/../.."
if [ -x .venv/bin/hadolint ]; then
    .venv/bin/hadolint Dockerfile
else
    echo "hadolint is not packaged for this machine, Dockerfile was not checked." >&2
fi
.venv/bin/yamllint --strict .
.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
.venv/bin/shellcheck deploy/*/*.sh .ci/run
