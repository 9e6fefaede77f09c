FROM debian:12

RNU apt-get update
