"""Settings that both services have; each reads them under its own prefix."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from messaging.logs import LogFormat


def _scheme(*allowed: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in allowed)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in allowed)}")
        return url

    return AfterValidator(check)


class ServiceSettings(BaseSettings):
    """What every service needs to run."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, frozen=True, populate_by_name=True)

    database_url: Annotated[str, _scheme("postgresql+asyncpg")] = Field(
        repr=False,
        description="PostgreSQL, as `postgresql+asyncpg://user:password@host:port/name`.",
    )
    rabbitmq_url: Annotated[str, _scheme("amqp", "amqps")] = Field(
        repr=False, description="RabbitMQ, as `amqp://` or `amqps://user:password@host:port/vhost`."
    )
    http_host: str = Field("127.0.0.1", description="Where health and metrics are served.")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        description="Port of health and metrics; 0 takes any free one."
    )
    batch_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        64, description="Messages that one transaction takes at most."
    )
    prefetch: Annotated[int, Field(ge=1, le=10_000)] = Field(
        256, description="Messages that the broker hands out ahead, to each consumer."
    )
    inbox_retention_days: Annotated[int, Field(ge=1)] = Field(
        30, description="For how long a message id is known, and a repeat has no second effect."
    )
    reply_retention_days: Annotated[int, Field(ge=1)] = Field(
        7, description="For how long the whole reply is kept; then its status and id alone."
    )
    client_grants_file: Path | None = Field(
        None, description="TOML file of who may do what; unset: everything is allowed."
    )
    log_format: LogFormat | None = Field(
        None, description="`console` or `json`; unset: console on a terminal, else json."
    )

    otlp_endpoint: Annotated[str, _scheme("http", "https")] | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="OpenTelemetry collector (OTLP over HTTP) that traces go to; unset: none do.",
    )

    @property
    def replies_kept(self) -> timedelta:
        """How long replies are kept whole."""
        return timedelta(days=self.reply_retention_days)

    @property
    def messages_known(self) -> timedelta:
        """How long message ids are known."""
        return timedelta(days=self.inbox_retention_days)


class SettingError(Exception):
    """A setting is missing or wrong. Its text is one line that names the variable."""


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load_settings(settings: type[SettingsT]) -> SettingsT:
    """Read the settings from the environment. Raises SettingError; no text quotes a value."""
    try:
        return settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = variable(settings, str(first["loc"][0])) if first["loc"] else "settings"
        if first["type"] == "missing":
            raise SettingError(
                f"{name} is not set: {describe(settings, first['loc'][0])}"
            ) from None
        raise SettingError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def variable(settings: type[BaseSettings], field: str) -> str:
    """The environment variable of a field, which an error may call by its alias."""
    info = settings.model_fields.get(field)
    if info is None:
        return field
    if isinstance(info.validation_alias, str):
        return info.validation_alias
    return f"{settings.model_config.get('env_prefix', '')}{field}".upper()


def describe(settings: type[BaseModel], field: str | int) -> str:
    """What a field is for."""
    info = settings.model_fields.get(str(field))
    return (info.description or "") if info is not None else ""
