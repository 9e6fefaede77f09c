# syntax=docker/dockerfile:1
FROM debian:12
RUN <<SCRIPT
set -e
FROM nowhere
RUN nothing \
# no comment
SCRIPT
CMD ["x"]
