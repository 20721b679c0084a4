"""The settings of dispatch. Source: docs/contract/dispatch.md#attempt and what follows it there."""

import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from contracts.referral_partner import ContactMethod
from messaging.running.settings import ServiceSettings
from messaging.wire.tls import CaFile
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from services.ereferral_dispatch.senders.smtp_relay import in_clear_text

Network = IPv4Network | IPv6Network

_PUBLIC_URL = re.compile(r"(?=.{9,120}$)https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?", re.ASCII)
_DOMAIN = r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"


class FaxProvider(StrEnum):
    """How faxes go out."""

    MAIL = "mail"
    SINCH = "sinch"


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _networks(value: Any) -> Any:
    return tuple(ip_network(part) if isinstance(part, str) else part for part in _split(value))


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("is empty")
    return secret


def _public_url(url: str) -> str:
    """The URL without a slash at its end. It stands in letters: it is short, and plain to type.

    Source: docs/contract/http.md#answer-pages (it leads to the edge's root).
    """
    if not _PUBLIC_URL.fullmatch(url):
        raise ValueError(
            "must be https:// and a host, perhaps with a port, of 120 characters at most; no path: "
            "answer pages are at the edge's root"
        )
    return url.rstrip("/")


class DispatchSettings(ServiceSettings):
    """Read from the environment under `DISPATCH_`."""

    model_config = SettingsConfigDict(
        env_prefix="DISPATCH_", hide_input_in_errors=True, frozen=True
    )

    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8002, description="Port of health and metrics; 0 takes any free one."
    )
    signing_key: Annotated[SecretStr, AfterValidator(_not_empty)] = Field(
        description="Every partner's webhook secret and every answer link is derived from it: "
        "random, as `openssl rand -hex 32` makes it."
    )
    signing_key_previous: SecretStr | None = Field(
        None, description="Signs too while keys are changed: partners accept either signature."
    )
    public_url: Annotated[str, AfterValidator(_public_url)] | None = Field(
        None,
        description="Where partners answer: `https://answer.example.org`, of which letters show "
        "`/r/…`. Unset: letters have no answer link.",
    )
    answer_link_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        180, description="How long a letter's answer link may be used."
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
        30, description="A whole attempt of a portal, up to its answer; mail has waits of its own."
    )
    concurrency: Annotated[int, Field(ge=1, le=5000)] = Field(
        200,
        description="Attempts that one worker makes at a time; e-mail and fax, which may take "
        "minutes, have at most half of it.",
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
        60, description="A held lane, and a held mail relay, get one probe in this time."
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
    smtp_ca_file: CaFile | None = Field(
        None, description="CA certificates (PEM) for the mail relay, trusted beside the system's."
    )
    smtp_reply_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        300,
        description="How long each reply of the mail relay is waited for (RFC 5321, section "
        "4.5.3.2: 5 minutes).",
    )
    smtp_end_of_data_seconds: Annotated[float, Field(gt=0, le=7200)] = Field(
        600,
        description="How long the reply to a message's end is waited for (RFC 5321, section "
        "4.5.3.2.6: 10 minutes): given up earlier, a mail is an unknown outcome, and a person's.",
    )
    portal_ca_file: CaFile | None = Field(
        None, description="CA certificates (PEM) for portals, trusted beside the system's."
    )
    mail_from: str | None = Field(None, description="The sender's address of e-mails.")
    fax_provider: FaxProvider = Field(
        FaxProvider.MAIL, description="How faxes go out: `mail` or `sinch`."
    )
    fax_mail_domain: Annotated[str, Field(pattern=_DOMAIN)] | None = Field(
        None,
        description="Faxes go by mail to `<number>@` this domain of a fax service; unset: none do.",
    )
    sinch_project_id: str | None = Field(None, description="The Sinch project that sends faxes.")
    sinch_key_id: str | None = Field(None, description="The id of that project's access key.")
    sinch_key_secret: SecretStr | None = Field(
        None, description="The secret of that project's access key."
    )
    sinch_url: str = Field(
        "https://fax.api.sinch.com", description="Where Sinch's fax interface is."
    )
    fax_deadline_seconds: Annotated[float, Field(gt=0, le=7200)] = Field(
        900, description="How long a fax through Sinch is followed; then its outcome is unknown."
    )

    def clear_text(self) -> list[str]:
        """The variables by which something leaves this machine unencrypted."""
        mail = ["DISPATCH_SMTP_URL"] if self.smtp_url and in_clear_text(self.smtp_url) else []
        return super().clear_text() + mail

    def answer_links(self) -> AnswerLinks | None:
        """How answer links are made; None where there are to be none."""
        if self.public_url is None:
            return None
        keys = [self.signing_key.get_secret_value()]
        if self.signing_key_previous is not None:
            keys.append(self.signing_key_previous.get_secret_value())
        lasts = timedelta(days=self.answer_link_days)
        return AnswerLinks(self.public_url, tuple(key for key in keys if key), lasts)

    @model_validator(mode="after")
    def _links_are_not_read_on_their_way(self) -> Self:
        in_clear = self.public_url is not None and not self.public_url.startswith("https://")
        if in_clear and not self.allow_http:
            raise ValueError("DISPATCH_PUBLIC_URL must start with https://")
        return self

    @model_validator(mode="after")
    def _mail_needs_a_sender(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("DISPATCH_MAIL_FROM is not set: DISPATCH_SMTP_URL needs it")
        return self

    @model_validator(mode="after")
    def _faxes_need_a_way_out(self) -> Self:
        if self.fax_provider is FaxProvider.MAIL:
            if self.fax_mail_domain is not None and self.smtp_url is None:
                raise ValueError("DISPATCH_SMTP_URL is not set: DISPATCH_FAX_MAIL_DOMAIN needs it")
            return self
        for name, value in (
            ("DISPATCH_SINCH_PROJECT_ID", self.sinch_project_id),
            ("DISPATCH_SINCH_KEY_ID", self.sinch_key_id),
            ("DISPATCH_SINCH_KEY_SECRET", self.sinch_key_secret),
        ):
            if not value:
                raise ValueError(f"{name} is not set: DISPATCH_FAX_PROVIDER=sinch needs it")
        if not self.sinch_url.startswith(
            ("https://", "http://") if self.allow_http else "https://"
        ):
            raise ValueError("DISPATCH_SINCH_URL must start with https://")
        return self
