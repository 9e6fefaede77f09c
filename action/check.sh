#!/bin/sh
# Weighs the image once, then holds the saved report against budgets and baseline. Never fails the job by itself: the
# comment comes first, and the verdict last.
set -eu

dir="$RUNNER_TEMP/plimsoll"
mkdir -p "$dir/baseline"
report="$dir/report.json"
page="$dir/report.html"
comment="$dir/comment.md"
screen="$dir/report.txt"

set -- analyze "$PLIMSOLL_IMAGE" --files -o "json=$report"
if [ -n "${PLIMSOLL_DOCKERFILE:-}" ]; then set -- "$@" --dockerfile "$PLIMSOLL_DOCKERFILE"; fi
if [ -n "${PLIMSOLL_PLATFORM:-}" ]; then set -- "$@" --platform "$PLIMSOLL_PLATFORM"; fi
plimsoll "$@"

baseline="${PLIMSOLL_BASELINE:-}"
kept="$dir/baseline/$PLIMSOLL_KEY.json"
if [ -z "$baseline" ] && [ -s "$kept" ]; then baseline="$kept"; fi

budgets=false
if [ -n "${PLIMSOLL_CONFIG:-}" ] || [ -e .dive-ci ]; then budgets=true; fi
at="$PWD"
while [ "$budgets" = false ]; do
    if [ -e "$at/plimsoll.toml" ]; then budgets=true; fi
    if [ -e "$at/.git" ] || [ "$at" = / ]; then break; fi
    at="$(dirname "$at")"
done

code=0
if [ "$budgets" = true ]; then
    set -- check "$report" -o github -o "table=$screen" -o "json=$dir/check.json" -o "markdown=$comment" -o "html=$page"
    if [ -n "${PLIMSOLL_CONFIG:-}" ]; then set -- "$@" --config "$PLIMSOLL_CONFIG"; fi
    if [ -n "$baseline" ]; then set -- "$@" --baseline "$baseline"; else set -- "$@" --no-baseline; fi
    plimsoll "$@" || code=$?
    if [ ! -s "$dir/check.json" ]; then exit "$code"; fi
    verdict="$(jq -r .check.status "$dir/check.json")"
    changes="$(jq -r '.comparison.platforms[0].sides[-1].change // empty | "\(.content) \(.transfer)"' "$dir/check.json")"
elif [ -n "$baseline" ]; then
    plimsoll compare "$baseline" "$report" -o github -o "table=$screen" -o "json=$dir/compare.json" \
        -o "markdown=$comment" -o "html=$page"
    verdict=none
    changes="$(jq -r '.platforms[0].sides[-1].change | "\(.content) \(.transfer)"' "$dir/compare.json")"
else
    plimsoll analyze "$report" -o github -o "table=$screen" -o "markdown=$comment" -o "html=$page"
    verdict=none
    changes=""
fi
cat "$screen"

# What the next run compares with; kept only on the default branch.
jq 'del(.platforms[].files)' "$report" >"$kept"

{
    echo "content=$(jq .platforms[0].content "$report")"
    echo "transfer=$(jq .platforms[0].transfer.bytes "$report")"
    echo "content-change=${changes% *}"
    echo "transfer-change=${changes#* }"
    echo "verdict=$verdict"
    echo "report-json=$report"
    echo "report-html=$page"
} >>"$GITHUB_OUTPUT"
