# evhub with its broker in one image. `docker build -t evhub .`, then
#   docker run -d --network host -v evhub:/data evhub
# --network host: zeroconf's multicast does not cross Docker's bridge.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/build /opt/evhub
COPY requirements/build.lock requirements/run.lock requirements/
# Hashed, so the image is the set that was tested. The compiled wheels exist for x86-64 and 64-bit ARM.
RUN /opt/build/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements/build.lock \
 && /opt/evhub/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements/run.lock
COPY . .
RUN /opt/build/bin/hatchling build -t wheel -d dist \
 && /opt/evhub/bin/python -m pip install --quiet --no-cache-dir --no-deps --no-index dist/*.whl

FROM ${BASE}
# The package's own broker service is not used: the hub starts mosquitto as its child, with its own settings.
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends mosquitto \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 evhub \
 && useradd --uid 10001 --gid evhub --home-dir /data --no-create-home --shell /usr/sbin/nologin evhub \
 && install -d -o evhub -g evhub /data
COPY --from=build /opt/evhub /opt/evhub
ENV PATH=/opt/evhub/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONUNBUFFERED=1
USER evhub
WORKDIR /data
VOLUME /data
# web and API, OCPP, MQTT
EXPOSE 8080 8887 1883
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/opt/evhub/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
# At the first start `run` copies the shipped configuration to /data/config.yaml; later starts leave it alone.
ENTRYPOINT ["evhub"]
CMD ["run", "--data", "/data"]
