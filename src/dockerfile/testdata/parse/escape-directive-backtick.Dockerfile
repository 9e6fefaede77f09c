# escape=`
FROM mcr.microsoft.com/windows/nanoserver:ltsc2022
COPY a.txt c:\
RUN dir c:\ `
  /s
RUN echo done
