"""The settings of the edge."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict
from yarl import URL

from contracts.values import FIELD_NAME_PATTERN
from messaging.running.settings import BrokerSettings, BrokerUrl, TcpPort


def _listed(value: Any) -> Any:
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be networks such as 10.0.0.0/8, with a comma between them") from None


def _origin(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if scheme not in ("http", "https") or not separator or not rest or "/" in rest or "*" in rest:
        raise ValueError("must be origins such as https://desk.example.com, with a comma between")
    return value


def _address(value: str) -> str:
    try:
        url = URL(value)
        good = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        good = False
    if not good:
        raise ValueError("must be addresses such as http://127.0.0.1:8001, with a comma between")
    return value


CookieKey = Annotated[str, Field(min_length=32)]


class EdgeSettings(BrokerSettings):
    """Read from the environment under `EDGE_`."""

    model_config = SettingsConfigDict(env_prefix="EDGE_")

    http_host: str = Field("127.0.0.1", description="Where the interface is served.")
    http_port: TcpPort = Field(8000, description="Port of the interface; 0 takes any free one.")
    ops_host: str = Field("127.0.0.1", description="Where health and metrics are served.")
    ops_port: TcpPort = Field(8003, description="Port of health and metrics; 0 takes any free one.")
    tokens_file: Path | None = Field(
        None,
        description="TOML file of the tokens, mode 0600, as `handoff token` writes it; read again "
        "within 2 s of a change. Unset: nothing is allowed.",
    )
    reply_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        10.0, description="For how long a reply is awaited before 504 is answered."
    )
    max_in_flight: Annotated[int, Field(ge=1, le=10_000)] = Field(
        256, description="Requests that await a reply at the same time, at most; more get 503."
    )
    rate_per_minute: Annotated[int, Field(ge=1)] = Field(
        600, description="Requests a minute for each token."
    )
    rate_burst: Annotated[int, Field(ge=1)] = Field(
        100, description="Requests of a token at once, after a quiet time."
    )
    intake_honeypot: Annotated[str, Field(pattern=FIELD_NAME_PATTERN)] = Field(
        "website",
        description="The field of a form of external referrals that no person sees: whoever "
        "fills it is staged as suspected spam.",
    )
    intake_altcha_key: Annotated[str, Field(min_length=16)] | None = Field(
        None,
        repr=False,
        description="The key that ALTCHA challenges are signed with: an external referral then "
        "needs a proof of work in its field `altcha`. Unset: none is asked for.",
    )
    cookie_key: CookieKey | None = Field(
        None,
        repr=False,
        description="The key that the cookies of the desk and of answer pages are signed with, 32 "
        "characters or more, the same for all replicas. Unset: each replica makes its own, and "
        "whoever is logged in has to do so again after its restart.",
    )
    cookie_key_previous: CookieKey | None = Field(
        None,
        repr=False,
        description="The key before, while cookies signed with it are still about: for 12 h.",
    )
    watched: Annotated[
        tuple[Annotated[str, AfterValidator(_address)], ...], NoDecode, BeforeValidator(_listed)
    ] = Field(
        (),
        description="Where the replicas of the services serve health and metrics, such as "
        "`http://127.0.0.1:8001,http://127.0.0.1:8002`; each host of a name is asked. The desk's "
        "page for whoever runs it shows what they tell. Unset: it says that nobody is asked.",
    )
    operator_rabbitmq_url: BrokerUrl | None = Field(
        None,
        repr=False,
        description="RabbitMQ as the user who may look at dead letters (`operator` of `handoff "
        "doctor --print-permissions`): that page then says why they lie there. They are whole "
        "messages: whoever gets hold of the edge could read them too. Unset: they are counted.",
    )
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_listed)
    ] = Field((), description="Origins whose pages may call it (CORS); unset: none.")
    trusted_proxies: Annotated[
        tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...],
        NoDecode,
        BeforeValidator(_listed),
    ] = Field(
        (), description="Networks of proxies whose `X-Forwarded-For` is believed; unset: none."
    )
