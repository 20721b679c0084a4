"""The settings of connectors."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from messaging.egress.policy import EgressPolicy
from messaging.running.settings import ServiceSettings
from messaging.wire.tls import CaFile
from services.connectors.sealing import Sealer

Network = IPv4Network | IPv6Network
_KEY = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _networks(value: Any) -> Any:
    return tuple(ip_network(part) if isinstance(part, str) else part for part in _split(value))


def _key(secret: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(secret.get_secret_value()):
        raise ValueError("must be 64 hexadecimal digits, as openssl rand -hex 32 makes them")
    return secret


SecretKey = Annotated[SecretStr, AfterValidator(_key)]


class ConnectorsSettings(ServiceSettings):
    """Read from the environment under `CONNECTORS_`."""

    model_config = SettingsConfigDict(
        env_prefix="CONNECTORS_", hide_input_in_errors=True, frozen=True
    )

    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8004, description="Port of health and metrics; 0 takes any free one."
    )
    secret_key: SecretKey = Field(
        description="Seals what is kept of the other systems' rows, and secrets: "
        "`openssl rand -hex 32` makes one."
    )
    secret_key_previous: SecretKey | None = Field(
        None, description="Opens what was sealed before the key was changed."
    )
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="Runs that one replica makes at a time."
    )
    egress_allow: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        (),
        description="Networks (CIDR) that may be reached though not public: an Open Dental in "
        "the practice's own network.",
    )
    allow_http: bool = Field(False, description="Whether other systems may be asked by `http`.")
    ca_file: CaFile | None = Field(
        None, description="CA certificates (PEM) for other systems, trusted beside the system's."
    )
    request_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        65, description="How long one request may take, to the end of its answer."
    )
    retry_waits_seconds: Annotated[
        tuple[Annotated[float, Field(ge=0, le=3600)], ...], NoDecode, BeforeValidator(_split)
    ] = Field(
        (2, 8, 32), description="Waits before a request is made again, comma-separated; each ±20 %."
    )
    opendental_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        None, description="Port of our own Open Dental interface on loopback; unset: off."
    )


def sealer_of(settings: ConnectorsSettings) -> Sealer:
    """Seals with the present key, and opens with the previous one too."""
    previous = settings.secret_key_previous
    return Sealer(
        settings.secret_key.get_secret_value(),
        None if previous is None else previous.get_secret_value(),
    )


def egress_of(settings: ConnectorsSettings) -> EgressPolicy:
    """Where the settings let other systems be."""
    return EgressPolicy(allow_networks=settings.egress_allow, allow_http=settings.allow_http)
