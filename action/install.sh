#!/bin/sh
# Makes `plimsoll` available: the one that is there, else the release of the action's own version, whose attestation is
# checked before anything of it runs.
set -eu

if command -v plimsoll >/dev/null 2>&1; then
    plimsoll --version
    exit 0
fi

bin="$RUNNER_TEMP/plimsoll/bin"
mkdir -p "$bin"
asset="plimsoll-$(uname -m)-$(uname -s | tr '[:upper:]' '[:lower:]').tar.gz"
gh release download "$PLIMSOLL_REF" --repo "$PLIMSOLL_REPOSITORY" --pattern "$asset" --dir "$bin" --clobber
gh attestation verify "$bin/$asset" --repo "$PLIMSOLL_REPOSITORY"
tar -xzf "$bin/$asset" -C "$bin" plimsoll
echo "$bin" >>"$GITHUB_PATH"
"$bin/plimsoll" --version
