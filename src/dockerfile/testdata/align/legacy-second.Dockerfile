FROM legacy:1.0
COPY v2 /srv/second
