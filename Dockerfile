# syntax=docker/dockerfile:1
# docker build -t postern . && docker run -v ./config:/etc/postern:ro -v postern-data:/var/lib/postern -p 8443:8443 postern
# In the configuration, write the store as `store: sqlite:/var/lib/postern/postern.db`.
FROM debian:12 AS build
WORKDIR /src
COPY scripts scripts
RUN scripts/install-dependencies --build-only
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY gateway gateway
RUN scripts/build release postern && llvm-strip-19 -o /postern build/release/postern

FROM debian:12-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates libargon2-1 libfmt9 libprometheus-cpp-core1.0 libre2-9 \
    libspdlog1.10 libsqlite3-0 libssl3 libstdc++6 libyaml-cpp0.7 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/postern --create-home --shell /usr/sbin/nologin postern
COPY --from=build /postern /usr/local/bin/postern
USER postern
WORKDIR /var/lib/postern
VOLUME /var/lib/postern
EXPOSE 8443
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/postern"]
CMD ["serve", "-c", "/etc/postern/postern.yaml"]
