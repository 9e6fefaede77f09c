FROM debian:12
RUN cat 3<<EOF /dev/fd/3
x
EOF
RUN true
