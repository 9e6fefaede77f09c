# The demo: every habit that Plimsoll knows a rule against, in one small image for two platforms.
#
# The base is cut down (recipe/base.py): it has no libc, no coreutils, no apt and no Python. Each RUN borrows them from
# the toolbox, the whole Debian root that the base was cut from, through bind mounts that leave nothing behind. So the
# commands are the real ones, and so are the traces they leave, while the image stays small. `/opt/sh` puts the
# toolbox on the path and then is a plain shell; `pyvenv.cfg` has Python live in /usr/local, as in the official images.
FROM toolbox AS tools
COPY --chmod=755 toolbox/ /
RUN cp /usr/bin/python3.11 /opt/

FROM tools AS builder
COPY requirements.txt .
RUN python3 -m pip wheel --no-index --find-links=/opt/pypi --wheel-dir=/wheels -r requirements.txt

FROM docker.io/library/debian:bookworm-slim
ARG APP_UID=1000
LABEL org.opencontainers.image.title="plimsoll demo" org.opencontainers.image.licenses="Apache-2.0"
ENV PYTHONUNBUFFERED=1 LANG=C.UTF-8
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    apt-get update && apt-get install -y --no-install-recommends pkgconf libffi-dev libpopt0 netbase
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    dpkg-divert --local --rename --divert /bin/hostname.distrib --add /bin/hostname \
 && printf '#!/bin/sh\necho demo\n' > /bin/hostname && chmod 755 /bin/hostname
COPY --from=builder /wheels /wheels
COPY requirements.txt /srv/app/
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    --mount=from=tools,source=/opt/python3.11,target=/usr/local/bin/python3.11 \
    --mount=from=tools,source=/opt/pyvenv.cfg,target=/usr/local/pyvenv.cfg \
    pip install --no-cache-dir --no-index --find-links=/wheels -r /srv/app/requirements.txt
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    --mount=from=tools,source=/opt/python3.11,target=/usr/local/bin/python3.11 \
    --mount=from=tools,source=/opt/pyvenv.cfg,target=/usr/local/pyvenv.cfg \
    --mount=from=tools,source=/opt/pypi,target=/opt/pypi \
    pip install --no-index --find-links=/opt/pypi pip==1.1 docopt==0.6.2
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    rm -rf /wheels
WORKDIR /srv/app
COPY app/ .
COPY npm-cache/ /root/.npm/
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    set -eux; \
    ln data/catalog.json data/catalog.current.json; \
    cp data/catalog.json data/catalog.backup.json; \
    sed -i 's/"debug": true/"debug": false/' settings.json; \
    cp data/model.bin data/model.tmp && cat data/model.tmp data/model.tmp > data/model.bin && rm data/model.tmp
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    chown -R ${APP_UID}:${APP_UID} /srv/app
RUN --mount=from=tools,target=/toolbox --mount=from=tools,source=/opt/sh,target=/bin/sh \
    <<EOF
set -eu
for i in $(seq 1 400); do echo "2026-01-01T00:00:00Z INFO request id=$i status=200"; done > /var/log/app.log
head -c 8000 data/model.bin > /tmp/build-a1b2c3.tmp
seq 1 3000 > data/index.txt && ln data/index.txt data/index-latest.txt
rm -rf vendor && mkdir vendor && echo 'moved' > vendor/README
rm -rf cache && echo 'a file where a directory was' > cache
rm current && mkdir current && echo 2 > current/VERSION
chmod 600 data/catalog.backup.json
EOF
USER ${APP_UID}
EXPOSE 8000/tcp
HEALTHCHECK --interval=30s CMD ["python3", "-c", "import app"]
ENTRYPOINT ["python3", "-m", "app"]
