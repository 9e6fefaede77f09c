# Plimsoll as an image: one static program on nothing, run by nobody in particular. Its context is what .ci/release made:
#   .ci/release && docker build -t plimsoll -f Dockerfile target/dist
#   docker run --rm -v "$PWD/app.tar:/app.tar:ro" plimsoll analyze /app.tar
FROM scratch
# Registries are asked over TLS, and nothing here says whom to trust.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY plimsoll LICENSE plimsoll.cdx.json /
USER 65532:65532
ENTRYPOINT ["/plimsoll"]
