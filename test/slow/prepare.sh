#!/usr/bin/env bash
# Installs what the slow lane needs beside npm's packages, in a Python environment of its own: the AWS CLI, and ministack,
# the AWS emulator that the app is deployed to. No other AWS packages belong there: ministack shares the CLI's botocore.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ ! -x .cache/python/bin/aws ] || [ ! -x .cache/python/bin/ministack ]; then
  python3 -m venv .cache/python
  .cache/python/bin/pip install --quiet --disable-pip-version-check awscli==1.46.3 ministack==1.5.33
fi
if ! command -v chromium > /dev/null; then
  apt-get update -qq
  apt-get install -y -qq chromium fonts-noto-color-emoji
fi
