"""The mail relay, from its URL."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from messaging.wire.tls import is_loopback


class SmtpSecurity(StrEnum):
    """How a connection to the relay is protected: the scheme of its URL."""

    PLAIN = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


_DEFAULT_PORTS = {SmtpSecurity.PLAIN: 25, SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465}


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """Where mail goes out. `user` and `password` are both set or both None."""

    host: str
    port: int
    security: SmtpSecurity
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What it is called wherever people read of it: its URL without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.security}://{host}:{self.port}"


def parse_smtp_url(url: str) -> SmtpRelay:
    """The relay of `smtp://`, `smtp+starttls://` or `smtps://[user:password@]host[:port]`.

    Raises ValueError that says what is wrong and quotes nothing of the URL: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise ValueError(
            "The SMTP URL has no valid host and port; characters such as / : @ # in a user or "
            "password must be percent-encoded"
        ) from None
    try:
        security = SmtpSecurity(parts.scheme)
    except ValueError:
        raise ValueError(
            "The SMTP URL must start with smtp://, smtp+starttls:// or smtps://"
        ) from None
    if not parts.hostname:
        raise ValueError("The SMTP URL must name a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("The SMTP URL must end after the host and port")
    if port == 0:
        raise ValueError("The SMTP URL's port must be 1 to 65535")
    if (parts.username is None) != (parts.password is None) or parts.username == "":
        raise ValueError("The SMTP URL must have both a user and a password, or neither")
    return SmtpRelay(
        host=parts.hostname,
        port=port or _DEFAULT_PORTS[security],
        security=security,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def in_clear_text(url: str) -> bool:
    """Whether mail to this relay leaves the machine unencrypted. Raises as parse_smtp_url does."""
    relay = parse_smtp_url(url)
    return relay.security is SmtpSecurity.PLAIN and not is_loopback(relay.host)
