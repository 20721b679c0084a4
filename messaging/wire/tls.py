"""Encryption: which connections are verified, and what was wrong with one that was not accepted.

The rule for both servers: outside this machine PostgreSQL is verified unless its URL says
`ssl=disable`; `amqps://` is always verified; a clear connection that leaves the machine is told.
"""

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def is_loopback(host: str | None) -> bool:
    """Whether it is this machine by its name: `localhost`, 127.0.0.0/8, `::1`, a socket's path.

    A name is not resolved: who answers for it may change.
    """
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def verifying(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and name verified by the file's authorities or the system's.

    A name is looked for in the certificate's subject alternative names, never in its common name
    (RFC 9525, section 6.4.4). Raises OSError (ssl.SSLError is one) where the file holds no
    certificate that can be read.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    return context


def verifying_also(ca_file: str | None) -> ssl.SSLContext:
    """As `verifying`, by the file's authorities beside the system's."""
    context = verifying(None)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _holds_certificates(path: Path) -> Path:
    try:
        verifying(str(path))
    except OSError as error:
        raise ValueError(
            f"holds no certificate that can be read ({type(error).__name__})"
        ) from None
    return path


CaFile = Annotated[Path, AfterValidator(_holds_certificates)]
"""A file of CA certificates (PEM) that was there and could be read."""


def why_lost(error: BaseException) -> str:
    """Why there is no connection, in words that quote nothing: a certificate, TLS, or the class."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {cause.verify_message.rstrip('.')}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS with it: {cause.reason}"
    return type(error).__name__


def causes(error: BaseException) -> list[BaseException]:
    """An error and what it was made from, SQLAlchemy's `orig` and Python's `__cause__`."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = getattr(current, "orig", None) or current.__cause__
    return found
