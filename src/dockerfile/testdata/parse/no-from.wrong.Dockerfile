# nothing
ARG A=1
