# Both stages hold the checkout's layout at the same path, so that rules and migrations lie beside the code.

FROM debian:bookworm-slim AS builder
# Debian's stable release pins these by itself, and old versions vanish from its mirrors.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/gerege
COPY requirements-build.txt requirements.txt ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
    && PIP_USE_PEP517=1 /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-build-isolation -r requirements.txt
COPY LICENSE NOTICE pyproject.toml ./
COPY app app
RUN /opt/venv/bin/pip install --no-cache-dir --no-build-isolation --no-deps --editable . \
    && /opt/venv/bin/pip uninstall --yes setuptools pip

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gerege \
    && install --directory --owner=gerege /var/lib/gerege
WORKDIR /srv/gerege
COPY --from=builder /opt/venv /opt/venv
COPY LICENSE NOTICE pyproject.toml ./
COPY app app
COPY migrations migrations
COPY rules rules
ENV PATH=/opt/venv/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    GEREGE_DATABASE_URL=sqlite:////var/lib/gerege/gerege.db \
    GEREGE_SIGNING_KEY=/var/lib/gerege/signing.pem \
    GEREGE_SPOOL_DIR=/var/lib/gerege/spool \
    GEREGE_HOST=0.0.0.0 \
    GEREGE_PORT=8000
USER 10001
VOLUME /var/lib/gerege
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"GEREGE_PORT\"]}/healthz', timeout=3)"]
CMD ["gerege", "serve"]
