#!/usr/bin/env bash
# Writes the API reference from the docstrings into the folder reference. TypeDoc needs TypeScript 5, so both are installed in a
# separate folder.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.cache/reference-tools
if [ ! -x $tools/node_modules/.bin/typedoc ]; then
  npm install --no-audit --no-fund --no-save --loglevel=error --prefix $tools typedoc@0.28.20 typescript@5.9.3
fi
$tools/node_modules/.bin/typedoc --options packaging/typedoc.json --logLevel "${LOG_LEVEL:-Error}"
echo "Wrote the API reference: reference/index.html"
