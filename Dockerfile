# syntax=docker/dockerfile:1

# An image of the engine with an application in it: here the sample shop in handlers/, compiled. For an application of
# your own, copy your package files and sources in the place of these, and keep the last stage.
#
#   docker build -t domain-engine .
#   docker run --read-only --env REDIS_URL=redis://… domain-engine

ARG NODE_VERSION=24.21.0

# ── Everything it takes to compile ──────────────────────────────────────────────────────────────────────────────
FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Scripts of packages are not run; ours that compile are called by name below.
RUN --mount=type=cache,target=/var/cache/npm npm ci --ignore-scripts --cache=/var/cache/npm
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY handlers ./handlers
RUN node scripts/build.mjs
# esbuild lowers standard decorators, which node cannot run, and takes in what the application depends on.
RUN node_modules/.bin/esbuild handlers/index.ts --bundle --external:domain-engine --platform=node \
      --format=esm --target=node24 --sourcemap --outfile=app/index.js

# ── What it needs to run, and no more ───────────────────────────────────────────────────────────────────────────
FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --omit=dev --ignore-scripts --cache=/var/cache/npm

# ── The image ───────────────────────────────────────────────────────────────────────────────────────────────────
FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Owned by root and not writable for the user it runs as. npm and its kin have no business here.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-*
COPY --from=dependencies /build/node_modules ./node_modules
COPY package.json ./
COPY --from=build /build/dist ./dist
COPY --from=build /build/app ./app
COPY deploy/container/domain.toml ./domain.toml
# A number above the host's own users: runAsNonRoot can check it.
USER 10001:10001
EXPOSE 8080
# For docker and compose; Kubernetes has its own probes. The start alone may take start_timeout_seconds.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is the process that gets the signals.
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/cli/main.js"]
CMD ["server", "--domain=app"]
