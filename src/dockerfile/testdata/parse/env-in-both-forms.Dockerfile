FROM debian:12
ENV A=1 B="two words" C=th\ ree \
    D=4
ENV OLD  the rest = value
LABEL "com.example a"="b" c='d e'
