#!/usr/bin/env bash
# Installs what the slow lane needs beside npm's packages. In a Python environment of its own: the AWS CLI, and ministack, the
# AWS emulator that the app is deployed to, with the boto3 that the CDK's own function for bucket notifications finds on Lambda, of
# the CLI's botocore; no other AWS packages belong there. In a folder of their own: those that look at the npm package.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! .cache/python/bin/python -c 'import awscli, boto3, ministack' 2> /dev/null; then
  python3 -m venv .cache/python
  .cache/python/bin/pip install --quiet --disable-pip-version-check awscli==1.46.3 boto3==1.43.106 ministack==1.5.33
fi
# Python's functions bring the clients of their own environment, as Lambda's has them.
if ! .cache/python-lambda/bin/python -c 'import awslambdaric, boto3' 2> /dev/null; then
  python3 -m venv .cache/python-lambda
  .cache/python-lambda/bin/pip install --quiet --disable-pip-version-check awslambdaric==4.2.2 boto3==1.43.106
fi
if ! command -v chromium > /dev/null; then
  apt-get update -qq
  apt-get install -y -qq chromium fonts-noto-color-emoji
fi
if [ ! -x .cache/package-tools/node_modules/.bin/attw ]; then
  npm install --no-audit --no-fund --no-save --prefix .cache/package-tools publint@0.3.25 @arethetypeswrong/cli@0.18.5
fi
