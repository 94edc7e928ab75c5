# One image for every process of the platform (`hotline run NAME`), installed by the scripts that
# `make demo` uses. The build stage has the compilers, the last one only what runs.
FROM debian:bookworm-slim AS run
COPY admin/install /opt/hotline/admin/install
RUN LOG=/tmp/setup.log /opt/hotline/admin/install/packages.sh run \
 && rm -rf /var/lib/apt/lists/* /tmp/setup.log

FROM run AS build
WORKDIR /opt/hotline
RUN LOG=/tmp/setup.log admin/install/packages.sh build
COPY requirements.txt requirements.in pyproject.toml ./
COPY hotline hotline
COPY queueing queueing
COPY recordings recordings
COPY consult consult
COPY admin admin
RUN LOG=/tmp/setup.log admin/install/environment.sh .venv run \
 && admin/install/engine.sh .venv/bin/python /tmp/cache \
 && rm -rf /tmp/cache

FROM run
RUN useradd --system --uid 10001 --home-dir /var/lib/hotline --shell /usr/sbin/nologin hotline \
 && install -d -o hotline -g hotline -m 0700 /var/lib/hotline /var/lib/hotline/state
COPY --from=build /opt/hotline /opt/hotline
ENV PATH=/opt/hotline/.venv/bin:/usr/sbin:/usr/bin:/bin
USER hotline
WORKDIR /var/lib/hotline
ENTRYPOINT ["hotline"]
CMD ["--help"]
