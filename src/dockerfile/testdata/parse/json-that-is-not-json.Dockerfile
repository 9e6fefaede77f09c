FROM debian:12
RUN [ -f /x ] && echo y
CMD ['sh', '-c', 'x']
ENTRYPOINT ["a", "b"
RUN []
