FROM debian:12
RUN --mount=type=cache,target=/x \
    <<EOF
set -eu
EOF
USER 1
