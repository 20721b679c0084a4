"""The client of AlfaDocs' API, with an API key or with OAuth2 tokens, never both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.asking.answers import (
    NOT_FOUND,
    Answered,
    Outcome,
    RunFailed,
    Stopped,
    Unanswered,
)
from services.connectors.asking.asker import Asker
from services.connectors.rules.paging import Asked

LETTER_FOLDER = "Handoff"
LETTER_TYPE = "other"


class Authorization(Protocol):
    """What a request is signed with."""

    async def headers(self) -> Mapping[str, str]:
        """The header for the next request. Raises RunFailed where a person has to authorize."""

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Told that a request with these headers was answered 401; whether another try may do."""


class ApiKey:
    """A key of one archive; where it is refused nothing helps."""

    def __init__(self, key: str) -> None:
        self._headers = {"X-Api-Key": key}

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def refused(self, headers: Mapping[str, str]) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class PatientsPage:
    """Patients as they came, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


class AlfaDocs:
    """One archive of one practice."""

    def __init__(
        self, asker: Asker, authorization: Authorization, base: str, practice: int, archive: int
    ) -> None:
        self._asker = asker
        self._authorization = authorization
        self._base = base.rstrip("/")
        self._practice, self._archive = practice, archive

    async def check_archive(self) -> None:
        """Raise RunFailed `wrong_archive` where the credential is of another one.

        An AlfaDocs without `/me` says nothing, which is no objection.
        """
        answered = await self._get(f"{self._base}/me", {}, missing=True)
        if answered.status == NOT_FOUND:
            return
        said = answered.data.get("data") if isinstance(answered.data, dict) else None
        profile = said if isinstance(said, dict) else answered.data
        if not isinstance(profile, dict):
            raise RunFailed(Code.BAD_ANSWER)
        expected = {"practiceId": self._practice, "archiveId": self._archive}
        if any(str(profile.get(name)) != str(value) for name, value in expected.items()):
            raise RunFailed(Code.WRONG_ARCHIVE)

    async def patients(self, asked: Asked) -> PatientsPage:
        """A page of the patients. Raises RunFailed."""
        query = {"offset": str(asked.offset), "limit": str(asked.limit)}
        answered = await self._get(self._url("patients"), query, shape=_is_page)
        return PatientsPage(answered.data["results"], answered.data["total"])

    async def patient(self, number: int) -> dict[str, Any] | None:
        """One patient, a deleted one too; None where there is none. Raises RunFailed."""
        answered = await self._get(self._url(f"patients/{number}"), {}, missing=True)
        if answered.status == NOT_FOUND:
            return None
        row = answered.data.get("data") if isinstance(answered.data, dict) else None
        if not isinstance(row, dict):
            raise RunFailed(Code.BAD_ANSWER)
        return row

    async def operators(self) -> list[dict[str, Any]]:
        """All operators, deleted ones too. Raises RunFailed."""
        answered = await self._get(self._url("operators"), {}, shape=_is_data)
        return list(answered.data["data"])

    async def appointments(self, start: date, end: date) -> list[dict[str, Any]]:
        """The appointments of at most 28 days. Raises RunFailed."""
        query = {"dateStart": start.isoformat(), "dateEnd": end.isoformat()}
        answered = await self._get(self._url("appointments"), query, shape=_is_data)
        return list(answered.data["data"])

    async def documents_of(self, patient: int) -> list[dict[str, Any]]:
        """All documents of one patient. Raises RunFailed."""
        url = self._url(f"patients/{patient}/documents")
        answered = await self._get(url, {}, shape=_is_data)
        return list(answered.data["data"])

    async def upload_letter(self, patient: int, name: str, pdf_base64: str) -> Outcome:
        """File a letter: one try. Look for its name before, and after an unknown outcome."""
        body = {
            "base64Data": pdf_base64,
            "type": LETTER_TYPE,
            "name": name,
            "folderName": LETTER_FOLDER,
        }
        return await self._once(
            "POST", self._url(f"patients/{patient}/documents"), body=body, first=True
        )

    async def _get(
        self,
        url: str,
        query: Mapping[str, str],
        *,
        missing: bool = False,
        shape: Any = None,
    ) -> Answered:
        async def make() -> Outcome:
            outcome = await self._once("GET", url, query=query)
            if not isinstance(outcome, Answered):
                return outcome
            if outcome.status == 200:
                fits = shape is None or shape(outcome.data)
                return outcome if fits else Unanswered(Code.BAD_ANSWER)
            return (
                outcome
                if missing and outcome.status == NOT_FOUND
                else Unanswered(Code.OTHER_SIDE_DOWN)
            )

        return await self._asker.again(make)

    async def _once(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        first: bool = False,
    ) -> Outcome:
        """One request; after a 401 once more where another token may do."""

        async def signed_and_sent() -> tuple[Mapping[str, str], Outcome]:
            signed = await self._authorization.headers()
            headers = {**signed, "Accept": "application/json", "Content-Type": "application/json"}
            return signed, await self._asker.once(
                method, url, headers=headers, query=query, body=body, first=first
            )

        signed, outcome = await signed_and_sent()
        unauthorized = isinstance(outcome, Stopped) and outcome.code is Code.UNAUTHORIZED
        if unauthorized and await self._authorization.refused(signed):
            _, outcome = await signed_and_sent()
        return outcome

    def _url(self, path: str) -> str:
        return f"{self._base}/practices/{self._practice}/archives/{self._archive}/{path}"


def _is_page(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and type(data.get("total")) is int
        and isinstance(data.get("results"), list)
        and all(isinstance(row, dict) for row in data["results"])
    )


def _is_data(data: Any) -> bool:
    rows = data.get("data") if isinstance(data, dict) else None
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
