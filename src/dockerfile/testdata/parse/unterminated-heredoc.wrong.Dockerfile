FROM debian:12
RUN <<EOF
x
