# One image for all: `serve referrals`, `serve ereferral-dispatch`, `serve connectors`, `serve edge`,
# `migrate`.
FROM python:3.13-slim AS build

# The version that uv.lock names.
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /handoff
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# The dependencies change less often than the code, so they are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY contracts contracts
COPY client client
COPY letters letters
COPY messaging messaging
COPY services services
COPY ops ops
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.13-slim

RUN groupadd --system --gid 10001 handoff && \
    useradd --system --create-home --gid 10001 --uid 10001 handoff && \
    install --directory --owner=handoff --group=handoff --mode=0700 /home/handoff/tokens
COPY --from=build /handoff/.venv /handoff/.venv
ENV PATH=/handoff/.venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /home/handoff
# By number: Kubernetes does not take a name's word for not being root.
USER 10001:10001
EXPOSE 8000 8001 8002 8003 8004
HEALTHCHECK --interval=10s --timeout=20s --start-period=60s --retries=6 \
    CMD ["python", "-m", "ops.healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["handoff"]
