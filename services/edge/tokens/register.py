"""The tokens in force: read again when their file changes, the last good ones kept if it breaks."""

import asyncio
import hmac
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from messaging.pacing.waiting import pause
from messaging.telemetry import logs
from services.edge.tokens.file import TokensError, read_tokens
from services.edge.tokens.token import Token, id_of, sha256_of

log = logs.get(__name__)

LOOK_EVERY_SECONDS = 1.0
"""A change is in force within two of them."""
_NOBODYS = "0" * 64
"""Compared with where there is no token of that id, so that both take the same time."""


class TokenRegister:
    """Who is who. `path` None: nobody is anybody.

    `report` is a condition of health: the file has to be one that can be used.
    """

    def __init__(self, path: Path | None, report: Callable[[str | None], None]) -> None:
        self._path = path
        self._report = report
        self._by_id: dict[str, Token] = {}
        self._seen: tuple[int, ...] | None = None
        self.look()

    def holder_of(self, authorization: str | None, now: datetime) -> Token | None:
        """The valid token of an `Authorization: Bearer` header; None where there is none."""
        scheme, _, written = (authorization or "").partition(" ")
        written = written.strip()
        identity = id_of(written) if scheme.lower() == "bearer" else None
        token = self._by_id.get(identity or "")
        known = token.sha256 if token is not None else _NOBODYS
        same = hmac.compare_digest(sha256_of(written), known)
        return token if token is not None and same and token.valid_at(now) else None

    def in_force(self, token: Token, now: datetime) -> bool:
        """Whether a token that was once valid still is, and with the same rights."""
        return self._by_id.get(token.id) == token and token.valid_at(now)

    def find(self, identity: str, now: datetime) -> Token | None:
        """The valid token of this id; None where there is none."""
        token = self._by_id.get(identity)
        return token if token is not None and token.valid_at(now) else None

    async def keep_reading(self, stop: asyncio.Event) -> None:
        """Read the file again whenever it has changed."""
        while not stop.is_set():
            await pause(stop, LOOK_EVERY_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Read the file if it is another one than last time."""
        if self._path is None:
            self._report(None)
            return
        try:
            status = self._path.stat()
        except OSError as error:
            self._broken(f"cannot be read ({type(error).__name__})")
            return
        seen = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)
        if seen == self._seen:
            return
        try:
            tokens = read_tokens(self._path)
        except TokensError as wrong:
            self._broken(str(wrong))
            return
        self._seen = seen
        self._by_id = {token.id: token for token in tokens}
        self._report(None)
        log.info("tokens read", count=len(tokens))

    def _broken(self, why: str) -> None:
        self._seen = None
        self._report(f"EDGE_TOKENS_FILE {why}; the last good one is in force")
