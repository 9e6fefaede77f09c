FROM debian:12
RUN echo $((1<<2)) && cat <<<word
RUN echo "<<EOF"
ENV A=<<EOF
RUN ["sh", "-c", "cat <<EOF"]
CMD cat <<EOF
