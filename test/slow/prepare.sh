#!/usr/bin/env bash
# Installs what the slow lane needs beside npm's packages: the AWS CLI, in a Python environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ ! -x .cache/python/bin/aws ]; then
  python3 -m venv .cache/python
  .cache/python/bin/pip install --quiet --disable-pip-version-check awscli==1.46.3
fi
