"""The settings of dispatch. Source: the delivery rules and the operations page."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from contracts.referral_partner import ContactMethod
from messaging.settings import ServiceSettings

Network = IPv4Network | IPv6Network


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _networks(value: Any) -> Any:
    return tuple(ip_network(part) if isinstance(part, str) else part for part in _split(value))


class DispatchSettings(ServiceSettings):
    """Read from the environment under `DISPATCH_`."""

    model_config = SettingsConfigDict(
        env_prefix="DISPATCH_", hide_input_in_errors=True, frozen=True
    )

    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8002, description="Port of health and metrics; 0 takes any free one."
    )
    signing_key: SecretStr = Field(
        min_length=1, description="Every partner's webhook secret is derived from it."
    )
    signing_key_previous: SecretStr | None = Field(
        None, description="Signs too while keys are changed: partners accept either signature."
    )
    fallback: Annotated[tuple[ContactMethod, ...], NoDecode, BeforeValidator(_split)] = Field(
        (ContactMethod.PORTAL, ContactMethod.EMAIL, ContactMethod.FAX, ContactMethod.PHONE),
        description="Channels tried after the preferred one, in this order, comma-separated.",
    )
    retry_schedule_seconds: Annotated[
        tuple[Annotated[float, Field(ge=0, le=30 * 86400)], ...], NoDecode, BeforeValidator(_split)
    ] = Field(
        (5, 300, 1800, 7200, 18000, 36000, 36000),
        description="Waits before each retry on one channel, comma-separated; each ±20 %.",
    )
    attempt_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        30, description="A whole attempt, up to its answer; mail waits 60 s more after DATA."
    )
    concurrency: Annotated[int, Field(ge=1, le=5000)] = Field(
        200, description="Attempts that one worker makes at a time."
    )
    lane_concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        4, description="Attempts at a time in one lane, over all replicas."
    )
    hold_after: Annotated[int, Field(ge=1)] = Field(
        20, description="Failures in a row after which a lane is held."
    )
    hold_over_seconds: Annotated[float, Field(ge=0)] = Field(
        600, description="The least time that those failures in a row must span."
    )
    probe_every_seconds: Annotated[float, Field(gt=0)] = Field(
        60, description="A held lane gets one probe in this time."
    )
    egress_allow: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        (), description="Networks (CIDR) that may be reached though not public; for development."
    )
    allow_http: bool = Field(False, description="Whether `http` endpoints may be used.")
    smtp_url: str | None = Field(
        None,
        repr=False,
        description="Mail relay: `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.",
    )
    smtp_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) for the relay; unset: the system's."
    )
    portal_ca_file: Path | None = Field(
        None, description="CA certificates (PEM) for portals; unset: the system's."
    )
    mail_from: str | None = Field(None, description="The sender's address of e-mails.")

    @model_validator(mode="after")
    def _mail_needs_a_sender(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("DISPATCH_MAIL_FROM is not set: DISPATCH_SMTP_URL needs it")
        return self
