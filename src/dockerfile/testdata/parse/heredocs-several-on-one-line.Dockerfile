FROM debian:12
COPY <<one.txt <<-"two.txt" /dest/
first $HOME
one.txt
	second $HOME
	two.txt
RUN cat <<A && cat <<B
a
A
b
B
RUN echo end
