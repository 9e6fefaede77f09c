#!/bin/sh
# Ends the job as the check ended.
set -eu

case "$PLIMSOLL_VERDICT" in
    pass | warn | none | skipped) exit 0 ;;
    fail) if [ "$PLIMSOLL_FAIL" = false ]; then exit 0; else exit 1; fi ;;
    *) exit 2 ;;
esac
