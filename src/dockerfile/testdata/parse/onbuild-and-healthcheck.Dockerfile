FROM debian:12
ONBUILD RUN a && \
  b
HEALTHCHECK --interval=5s \
  CMD ["true"]
HEALTHCHECK NONE
STOPSIGNAL 9
SHELL ["bash", "-c"]
VOLUME ["/a", "/b"]
EXPOSE 80/tcp 90
MAINTAINER someone
