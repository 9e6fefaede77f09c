#!/bin/sh
# Writes the comment on the pull request, in place of the one that it wrote before. A token that may not (a fork's) is no
# failure: the job's summary says the same.
set -eu

comment="$RUNNER_TEMP/plimsoll/comment.md"
if [ "$PLIMSOLL_COMMENT" = never ] || [ ! -s "$comment" ]; then exit 0; fi
number="$(jq -r '.pull_request.number // empty' "$GITHUB_EVENT_PATH")"
if [ -z "$number" ]; then exit 0; fi

key="$(printf %s "$PLIMSOLL_KEY" | tr -cd 'A-Za-z0-9._/-')"
marker="<!-- plimsoll key=$key -->"
comments="repos/$GITHUB_REPOSITORY/issues/$number/comments"
if ! known="$(gh api "$comments" --paginate --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)"; then
    echo "::notice::plimsoll cannot read the comments of this pull request; the summary of this job has the report"
    exit 0
fi

# Small news are no news: less than 1 % and 1 MB of both measures, and nothing wrong. What was said before is brought up
# to date all the same.
small() {
    awk -v change="${1:-0}" -v now="${2:-0}" 'BEGIN {
        if (change < 0) change = -change
        limit = now / 100; if (limit < 1000000) limit = 1000000
        exit !(change < limit)
    }'
}
if [ "$PLIMSOLL_COMMENT" = auto ] && [ -z "$known" ] \
    && { [ "$PLIMSOLL_VERDICT" = pass ] || [ "$PLIMSOLL_VERDICT" = none ]; } \
    && small "$PLIMSOLL_CONTENT_CHANGE" "$PLIMSOLL_CONTENT" && small "$PLIMSOLL_TRANSFER_CHANGE" "$PLIMSOLL_TRANSFER"; then
    echo "nothing that deserves a comment"
    exit 0
fi

body="$RUNNER_TEMP/plimsoll/body.json"
{ echo "$marker"; cat "$comment"; } | jq -Rs '{body: .}' >"$body"
if [ -n "$known" ]; then
    set -- --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known"
else
    set -- --method POST "$comments"
fi
if ! gh api "$@" --input "$body" >/dev/null; then
    echo "::notice::plimsoll may not comment here (pull-requests: write is missing, as on a fork); the summary of this job has the report"
fi
