# Two images from one source. `application` is the web server, the worker, the scheduler and every management
# command; `proxy` is nginx with TLS and the static files of the same build.
#
#   docker build --target application --tag leadledger .
#   docker build --target proxy --tag leadledger-proxy .
#
# Debian 12 throughout: its PostgreSQL client, its Redis and its nginx are the ones the tests run.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm
ARG PROXY_IMAGE=debian:bookworm-slim

# --- Packages: an environment without pip, from wheels alone, so that nothing is compiled anywhere ---
FROM ${PYTHON_IMAGE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.txt /build/requirements.txt
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --only-binary=:all: --requirement /build/requirements.txt

# --- PostgreSQL's programs for `backup` and `restore`. Their package would bring Perl along; they do not need it ---
FROM ${PYTHON_IMAGE} AS postgresql-programs
WORKDIR /build
RUN apt-get update \
    && apt-get download postgresql-client-15 \
    && dpkg-deb --extract postgresql-client-15_*.deb /build/package \
    && install -D --target-directory=/programs \
        package/usr/lib/postgresql/15/bin/pg_dump package/usr/lib/postgresql/15/bin/pg_restore \
    && rm -rf /var/lib/apt/lists/*

# --- What runs: Python, libpq for those programs, the user, the packages, the code ---
FROM ${PYTHON_IMAGE} AS code
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 leadledger \
    && useradd --system --uid 10001 --gid leadledger --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin leadledger \
    && install --directory --owner=leadledger --group=leadledger --mode=0750 /srv/media /srv/backups
COPY --from=postgresql-programs /programs/ /usr/local/bin/
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/srv/media
WORKDIR /app
COPY manage.py pyproject.toml ./
COPY config config
COPY core core
COPY accounts accounts
COPY leads leads
COPY templates templates
COPY static static
RUN python -m compileall -q .

# --- Static files, named by content and compressed, for both images ---
FROM code AS static-files
RUN SECRET_KEY=for-collecting-only python manage.py collectstatic --no-input --verbosity 0

FROM code AS application
ARG VERSION=0.1
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="LeadLedger" \
    org.opencontainers.image.description="From lead to ledger: web server, worker, scheduler and commands" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
COPY --from=static-files /srv/static /srv/static
# Insecure values are refused from here on (docs/settings.md).
ENV PRODUCTION=true \
    UVICORN_HOST=0.0.0.0 \
    UVICORN_PORT=8000
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=40s --retries=3 \
    CMD ["python", "-m", "config.probe", "web"]
CMD ["python", "-m", "uvicorn", "config.asgi:application", "--lifespan", "off", "--no-server-header", \
    "--no-access-log", "--timeout-graceful-shutdown", "25"]

# --- nginx. Its first process reads the key of the certificate and opens the ports; its workers are www-data ---
FROM ${PROXY_IMAGE} AS proxy
ARG VERSION=0.1
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="LeadLedger proxy" \
    org.opencontainers.image.description="nginx with TLS and the static files of LeadLedger" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory /srv/proxy/run /srv/proxy/certificates /srv/proxy/acme
COPY deploy/nginx /srv/proxy
COPY --from=static-files /srv/static /srv/proxy/public/static
EXPOSE 8080 8443
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["bash", "/srv/proxy/healthcheck.sh"]
CMD ["nginx", "-p", "/srv/proxy/", "-c", "nginx.conf"]
