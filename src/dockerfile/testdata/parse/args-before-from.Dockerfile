ARG VERSION=12
ARG BASE=debian:${VERSION}-slim
FROM --platform=$BUILDPLATFORM ${BASE} AS build
FROM ${BASE} as final
COPY --from=build --chown=1:1 --link /a /b
FROM FINAL
