#!/bin/sh
# Tests the HTML report in headless Chromium; says so and ends well where there is none.
#     tests/html/run.sh [PLIMSOLL]
set -eu
root="$(cd "$(dirname "$0")/../.." && pwd)"
plimsoll="${1:-$root/target/debug/plimsoll}"
home="${PLAYWRIGHT_HOME:-$root/target/playwright}"
if ! command -v node >/dev/null || ! { [ -n "${CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then
    echo "skipped: the HTML report is tested with node and Chromium, and they are not here"
    exit 0
fi
if [ ! -d "$home/node_modules/playwright-core" ]; then
    mkdir -p "$home"
    (cd "$home" && npm install --no-audit --no-fund --silent playwright-core@1 >/dev/null)
fi
images="$root/fixtures/images"
PLAYWRIGHT_HOME="$home" exec node "$root/tests/html/run.mjs" "$plimsoll" "$images/demo.tar" "$images/demo.tar"
