"""Settings that both services have; each reads them under its own prefix."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import parse_qsl, quote

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from yarl import URL

from messaging.database import engine as database
from messaging.database.engine import NO_TLS, VERIFIED
from messaging.telemetry.logs import LogFormat
from messaging.wire import connection as amqp
from messaging.wire.tls import CaFile


def _scheme(*allowed: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in allowed)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in allowed)}")
        return url

    return AfterValidator(check)


def _database_protection(url: str) -> str:
    for parameter, said in parse_qsl(url.partition("?")[2]):
        if parameter == "sslmode" or (parameter == "ssl" and said not in (NO_TLS, VERIFIED)):
            raise ValueError(
                f"its TLS is chosen by ssl={VERIFIED} or ssl={NO_TLS} and no other way"
            )
    return url


def _broker_url(url: str) -> str:
    try:
        readable = bool(URL(url).host)
    except ValueError:
        readable = False
    if not readable:
        raise ValueError(
            "is not a URL with a host: write what is special in user and password as %40 for @"
        )
    if "no_verify_ssl" in dict(parse_qsl(url.partition("?")[2], keep_blank_values=True)):
        raise ValueError("amqps:// is always verified: no_verify_ssl cannot be")
    return url


BrokerUrl = Annotated[str, _scheme("amqp", "amqps"), AfterValidator(_broker_url)]
"""RabbitMQ's URL."""
TcpPort = Annotated[int, Field(ge=0, le=65535)]


class BrokerSettings(BaseSettings):
    """What every program needs that speaks to the broker."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, frozen=True, populate_by_name=True)

    rabbitmq_url: BrokerUrl = Field(
        repr=False,
        description="RabbitMQ, as `amqp://` or `amqps://user:password@host:port/vhost`; "
        "`amqps://` is always verified.",
    )
    rabbitmq_ca_file: CaFile | None = Field(
        None,
        description="CA certificates (PEM) that RabbitMQ is verified with, instead of the "
        "system's.",
    )
    log_format: LogFormat | None = Field(
        None, description="`console` or `json`; unset: console on a terminal, else json."
    )
    otlp_endpoint: Annotated[str, _scheme("http", "https")] | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="OpenTelemetry collector (OTLP over HTTP) that traces go to; unset: none do.",
    )

    @model_validator(mode="after")
    def _authorities_are_asked(self) -> Self:
        """A CA file that nothing is verified with would be a false comfort."""
        for url, ca_file, uses in self._authorities():
            if getattr(self, ca_file) is not None and not uses:
                raise ValueError(
                    f"{variable(type(self), ca_file)} is set, and by "
                    f"{variable(type(self), url)} nothing is encrypted"
                )
        return self

    def _authorities(self) -> list[tuple[str, str, bool]]:
        """Each URL's field, that of its CA file, and whether anything is verified by it."""
        return [("rabbitmq_url", "rabbitmq_ca_file", self.rabbitmq_url.startswith("amqps:"))]

    @property
    def broker(self) -> str:
        """The broker's URL with its CA file."""
        return with_authorities(self.rabbitmq_url, amqp.CA_FILE, self.rabbitmq_ca_file)

    def clear_text(self) -> list[str]:
        """The variables by which something leaves this machine unencrypted."""
        clear = amqp.in_clear_text(self.rabbitmq_url)
        return [variable(type(self), "rabbitmq_url")] if clear else []


class DatabaseSettings(BaseSettings):
    """Where a service keeps what it decides."""

    database_url: Annotated[
        str, _scheme("postgresql+asyncpg"), AfterValidator(_database_protection)
    ] = Field(
        repr=False,
        description="PostgreSQL, as `postgresql+asyncpg://user:password@host:port/name`. On "
        "another machine it is verified, unless `?ssl=disable` stands at the end.",
    )
    database_ca_file: CaFile | None = Field(
        None,
        description="CA certificates (PEM) that PostgreSQL is verified with, instead of the "
        "system's; set, it is verified on this machine too.",
    )


class ServiceSettings(BrokerSettings, DatabaseSettings):
    """What every service with a database needs to run."""

    http_host: str = Field("127.0.0.1", description="Where health and metrics are served.")
    http_port: TcpPort = Field(description="Port of health and metrics; 0 takes any free one.")
    batch_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        64, description="Messages that one transaction takes at most."
    )
    prefetch: Annotated[int, Field(ge=1, le=10_000)] = Field(
        256,
        description="Messages, of whatever size, that the broker hands out ahead to each consumer.",
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

    def _authorities(self) -> list[tuple[str, str, bool]]:
        encrypts = f"ssl={NO_TLS}" not in self.database_url
        return [("database_url", "database_ca_file", encrypts), *super()._authorities()]

    @property
    def database(self) -> str:
        """The database's URL with its CA file."""
        return with_authorities(self.database_url, database.CA_FILE, self.database_ca_file)

    def clear_text(self) -> list[str]:
        """The variables by which something leaves this machine unencrypted."""
        clear = database.in_clear_text(self.database_url)
        return [*([variable(type(self), "database_url")] if clear else []), *super().clear_text()]

    @property
    def replies_kept(self) -> timedelta:
        """How long replies are kept whole."""
        return timedelta(days=self.reply_retention_days)

    @property
    def messages_known(self) -> timedelta:
        """How long message ids are known."""
        return timedelta(days=self.inbox_retention_days)


def with_authorities(url: str, parameter: str, ca_file: Path | None) -> str:
    """The URL with the file of CA certificates as its parameter, so that one text says it all."""
    if ca_file is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}{parameter}={quote(str(ca_file.absolute()))}"


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
