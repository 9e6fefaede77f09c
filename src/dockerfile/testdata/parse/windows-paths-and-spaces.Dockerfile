FROM debian:12
COPY ["a b.txt", "c d/", "/e f/"]
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.org/a.tar.gz /
COPY --exclude=*.md --exclude=docs --parents . /x/
