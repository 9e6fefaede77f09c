FROM scratch
LABEL maintainer="nobody@example.org"
COPY data.txt /srv/data.txt
# One diff twice in one image, with another between: Docker 20.10 saves the second as a symlink to the first.
COPY v1 /srv/version
COPY v2 /srv/version
COPY v1 /srv/version
# Nothing changes: a COPY that makes no layer, which history marks as empty.
COPY v1 /srv/version
ENV MODE=production
CMD ["/srv/run"]
