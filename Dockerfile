# One image a service: docker build --build-arg SERVICE=dsm . (docker-compose.yml does it for all).
# The environment is made from the lock, and copied without the tools that made it.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/penstock
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY . .
RUN uv sync --quiet --locked --no-default-groups --no-editable --package penstock

FROM ${PYTHON}
ARG SERVICE
# What runs strangers' templates and jobs holds them in a sandbox.
RUN case "${SERVICE:?say which: --build-arg SERVICE=dsm}" in \
      pilot|data-access) apt-get update \
        && apt-get install -y --no-install-recommends bubblewrap \
        && rm -rf /var/lib/apt/lists/* ;; \
    esac \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin penstock \
    && install -d -o penstock -g penstock /data /keys /secrets /files
COPY --from=build /opt/penstock /opt/penstock
ENV PATH=/opt/penstock/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PENSTOCK_DATA_DIR=/data \
    PENSTOCK_PUBLIC_KEY_FILE=/keys/public.pem \
    PENSTOCK_PRIVATE_KEY_FILE=/data/keys/private.pem \
    PENSTOCK_SECRETS_DIR=/secrets \
    SERVICE=${SERVICE}
USER penstock
EXPOSE 8642
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8642/health/ready', timeout=4)"]
CMD ["sh", "-c", "exec python -m penstock.one_service \"$SERVICE\" --host 0.0.0.0 --port 8642"]
