#!/usr/bin/env bash
# Installs what the slow tests need in addition to npm's packages. The first Python environment has the AWS CLI; ministack, the
# AWS emulator that the app is deployed to; and boto3, which the CDK's function for bucket notifications expects on Lambda, in
# the version that fits the CLI's botocore. Install no other AWS packages there. The tools that check the npm package have a
# folder of their own.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! python3 -c 'import ensurepip' 2> /dev/null; then
  apt-get update -qq
  apt-get install -y -qq python3-venv
fi
if ! .cache/python/bin/python -c 'import awscli, boto3, ministack' 2> /dev/null; then
  python3 -m venv .cache/python
  .cache/python/bin/pip install --quiet --disable-pip-version-check awscli==1.46.3 boto3==1.43.106 ministack==1.5.33
fi
# Python functions run with this environment, which has the packages of Lambda's Python runtimes.
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
# Clients in other languages, each with the library that people commonly use.
if ! .cache/python-clients/bin/python -c 'import boto3, cent, centrifuge, websocket, websockets' 2> /dev/null; then
  python3 -m venv .cache/python-clients
  .cache/python-clients/bin/python -m pip install --quiet --disable-pip-version-check \
    boto3==1.43.106 cent==5.2.0 centrifuge-python==0.7.0 websocket-client==1.9.2 websockets==17.4
fi
missing=()
command -v go > /dev/null || missing+=(golang-go)
command -v java > /dev/null || missing+=(default-jdk-headless)
# Version 2 of the AWS CLI is not a Python package. Version 1 is in the environment above.
[ -x /usr/bin/aws ] || missing+=(awscli)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
if [ ! -x .cache/go-client ]; then
  (cd test/slow/clients/go && go build -o ../../../../.cache/go-client .)
fi
if [ ! -x .cache/realtime-go-client ] || [ test/slow/clients/realtime-go/main.go -nt .cache/realtime-go-client ]; then
  (cd test/slow/clients/realtime-go && go build -o ../../../../.cache/realtime-go-client .)
fi
if [ ! -x .cache/gocent-calls ] || [ test/slow/clients/gocent/main.go -nt .cache/gocent-calls ]; then
  (cd test/slow/clients/gocent && go build -o ../../../../.cache/gocent-calls .)
fi
if [ ! -d .cache/aws-sdk-2/node_modules/aws-sdk ]; then
  npm install --no-audit --no-fund --no-save --loglevel=error --prefix .cache/aws-sdk-2 aws-sdk@2.1693.0
fi
