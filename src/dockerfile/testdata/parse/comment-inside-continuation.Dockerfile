FROM debian:12
RUN apt-get update && \
# not the end
    apt-get install -y \
      # nor this, although it ends in \
      curl
CMD ["bash"]
