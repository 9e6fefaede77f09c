# escape=\
# A small image for every builder: what each writes into the history.
ARG ROOT=scratch
FROM ${ROOT} AS base
COPY busybox /bin/busybox
COPY busybox /bin/sh
ENV PATH=/bin \
    GREETING="hello world"
CMD ["sh"]

# The builder: nothing of it ships.
FROM base AS builder
ARG VERSION=1.0
WORKDIR /src
COPY app app
RUN mkdir -p /out && \
    # a comment inside a continuation
    cp -r app /out/ && \

    echo "${VERSION}" > /out/version

FROM base
ARG VERSION=1.0
ARG TITLE="two words"
LABEL version=${VERSION} \
      title="the ${TITLE}"
WORKDIR /srv
WORKDIR app
COPY --from=builder --chown=1000:1000 /out/ ./
COPY v1 v2 /srv/both/
COPY v1 /srv/version
COPY v2 /srv/version
COPY v1 /srv/version
RUN echo "$TITLE" > title && chmod 600 title
RUN echo "$TITLE" > title && chmod 600 title
SHELL ["/bin/sh", "-e", "-c"]
RUN touch made-by-another-shell
RUN ["/bin/busybox", "touch", "exec form"]
USER 1000:1000
EXPOSE 8000 9000/udp
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s CMD ["true"]
ENTRYPOINT exec sh run.sh
CMD ["--port", "8000"]
