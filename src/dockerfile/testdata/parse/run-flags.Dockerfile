# check=skip=all
FROM debian:12
RUN --mount=type=bind,source="a b",target=/x --network=none --security=insecure -- --looks-like-a-flag
RUN --mount=type=secret,id=x \
    --mount=type=tmpfs,target=/tmp a
