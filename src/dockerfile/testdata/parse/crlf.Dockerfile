# escape=\
FROM debian:12 AS one
RUN a && \
    b
RUN <<EOF
c
EOF
CMD ["x"]
