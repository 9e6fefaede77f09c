FROM debian:12
RUN echo "one \
  # not a comment for the shell, gone all the same
  two"
LABEL a="b \
c"
