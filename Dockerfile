# syntax=docker/dockerfile:1
# docker build -t postern . && docker run --read-only -v ./config:/etc/postern:ro -v postern-data:/var/lib/postern -p 8443:8443 postern
# In the configuration, write the store as `store: sqlite:/var/lib/postern/postern.db`. In a cluster: helm/postern.
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts scripts
RUN scripts/install-dependencies --build-only
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY gateway gateway
RUN scripts/build release postern && llvm-strip-19 -o /postern build/release/postern

FROM debian:12-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates libargon2-1 libprometheus-cpp-core1.0 libre2-9 \
    libsqlite3-0 libssl3 libstdc++6 libyaml-cpp0.7 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 postern \
  && useradd --uid 10001 --gid 10001 --home-dir /var/lib/postern --shell /usr/sbin/nologin postern \
  && install -d -m 0700 -o 10001 -g 10001 /var/lib/postern
COPY --from=build /postern /usr/local/bin/postern
# By number: only then can a cluster see that it is not root.
USER 10001:10001
WORKDIR /var/lib/postern
VOLUME /var/lib/postern
EXPOSE 8443
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/postern"]
CMD ["serve", "-c", "/etc/postern/postern.yaml"]
