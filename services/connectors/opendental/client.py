"""The client of Open Dental's API. Source: opendental.com/site/apispecification.html."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.asking.answers import (
    BAD_REQUEST,
    NOT_FOUND,
    Answered,
    Outcome,
    Stopped,
    Unanswered,
)
from services.connectors.asking.asker import Asker
from services.connectors.rules.paging import Asked

LETTER_EXTENSION = ".pdf"
_NO_ANSWER = frozenset(
    {
        Code.OTHER_SIDE_DOWN,
        Code.TIMED_OUT,
        Code.TLS_FAILED,
        Code.BAD_ANSWER,
        Code.ADDRESS_BLOCKED,
    }
)
"""After these another base is asked. Of the rest (a wrong key, a throttle) it is no better."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they came. `filtered` is False where the list refused its filter and came whole."""

    rows: list[dict[str, Any]]
    filtered: bool


class OpenDental:
    """One practice's Open Dental, at the first of `bases` that answers. Of several one is chosen
    before the first list is read, and whoever writes reads first."""

    def __init__(
        self, asker: Asker, bases: tuple[str, ...], developer_key: str, customer_key: str
    ) -> None:
        self._asker = asker
        self._bases = bases
        self._base = bases[0]
        self._chosen = len(bases) == 1
        # Every request has a content type: without one the real API answers 400.
        self._headers = {
            "Authorization": f"ODFHIR {developer_key}/{customer_key}",
            "Content-Type": "application/json",
        }

    @property
    def base(self) -> str:
        """The base that is asked."""
        return self._base

    async def choose(self) -> None:
        """Take the first base that answers at all. Raises RunFailed where none does.

        Each is asked once before any of them is waited for. One that may not be asked, or that
        nobody can trust, is passed over like one that is down.
        """
        await self._asker.again(self._first_that_answers)

    async def _first_that_answers(self) -> Outcome:
        """What the first base that answers said; where none does, a failure that may pass before
        one that does not."""
        failures: list[Outcome] = []
        for base in self._bases:
            self._base = base
            outcome = await self._list("definitions", Asked(0, 1), {"Category": "35"})
            if isinstance(outcome, Answered) or outcome.code not in _NO_ANSWER:
                self._chosen = True
                return outcome
            failures.append(outcome)
        return min(failures, key=_tells_less)

    async def page(
        self, resource: str, asked: Asked, filters: Mapping[str, str] | None = None
    ) -> Page:
        """A page of a list. Raises RunFailed.

        A list that answers 400 is asked once more without its time filter, which older versions do
        not know; refused then too, it is an outage: so the API answers while the practice's own
        server is off.
        """
        if not self._chosen:
            await self.choose()
        filters = dict(filters or {})
        dropped = {name: value for name, value in filters.items() if name != "DateTStamp"}
        filtered = True

        async def make() -> Outcome:
            nonlocal filtered
            outcome = await self._get(resource, asked, filters if filtered else dropped)
            if _is_refused_list(outcome) and filtered and dropped != filters:
                filtered = False
                outcome = await self._get(resource, asked, dropped)
            return _as_list(outcome)

        answered = await self._asker.again(make)
        return Page(answered.data, filtered)

    async def _list(self, resource: str, asked: Asked, filters: Mapping[str, str]) -> Outcome:
        return _as_list(await self._get(resource, asked, filters))

    async def _get(self, resource: str, asked: Asked, filters: Mapping[str, str]) -> Outcome:
        query = {**filters, "Limit": str(asked.limit), "Offset": str(asked.offset)}
        return await self._asker.once(
            "GET", self._url(resource), headers=self._headers, query=query
        )

    async def single(self, resource: str, number: int) -> dict[str, Any] | None:
        """One row by its number, None where there is none. Raises RunFailed."""

        async def make() -> Outcome:
            url = self._url(f"{resource}/{number}")
            outcome = await self._asker.once("GET", url, headers=self._headers)
            if isinstance(outcome, Answered) and outcome.status not in (200, NOT_FOUND):
                return Unanswered(Code.OTHER_SIDE_DOWN)
            if isinstance(outcome, Answered) and outcome.status == 200:
                return outcome if isinstance(outcome.data, dict) else Unanswered(Code.BAD_ANSWER)
            return outcome

        answered = await self._asker.again(make)
        return None if answered.status == NOT_FOUND else answered.data

    async def refattaches_of(self, pat_num: int) -> list[dict[str, Any]]:
        """All refattaches of one patient, at most 100. Raises RunFailed."""
        page = await self.page("refattaches", Asked(0), {"PatNum": str(pat_num)})
        return page.rows

    async def documents_of(self, pat_num: int) -> list[dict[str, Any]]:
        """All documents of one patient. Raises RunFailed."""
        page = await self.page("documents", Asked(0), {"PatNum": str(pat_num)})
        return page.rows

    async def put_refattach(self, number: int, fields: Mapping[str, str]) -> Outcome:
        """Change the status of a refattach: one try, before reads that wait."""
        url = self._url(f"refattaches/{number}")
        return await self._asker.once(
            "PUT", url, headers=self._headers, body=_status_alone(fields), first=True
        )

    async def post_refattach(self, fields: Mapping[str, Any]) -> Outcome:
        """Attach a patient to a referral: one try. Look for it before, and after an unknown
        outcome."""
        url = self._url("refattaches")
        return await self._asker.once("POST", url, headers=self._headers, body=fields, first=True)

    async def upload_letter(self, pat_num: int, description: str, pdf_base64: str) -> Outcome:
        """File a letter in the patient's images: one try. Look for its description before."""
        body = {
            "PatNum": pat_num,
            "rawBase64": pdf_base64,
            "extension": LETTER_EXTENSION,
            "Description": description,
            "ImgType": "Document",
        }
        url = self._url("documents/Upload")
        return await self._asker.once("POST", url, headers=self._headers, body=body, first=True)

    def _url(self, path: str) -> str:
        return f"{self._base.rstrip('/')}/{path}"


def _tells_less(failure: Outcome) -> int:
    """Of several bases that do not do: first what answered nonsense, then what may pass."""
    if isinstance(failure, Unanswered):
        return 0 if failure.code is Code.BAD_ANSWER else 1
    return 2


def _is_refused_list(outcome: Outcome) -> bool:
    return isinstance(outcome, Answered) and outcome.status == BAD_REQUEST


def _as_list(outcome: Outcome) -> Outcome:
    """An answer that is no list of rows is none: a list that answers 400 is an outage."""
    if _is_refused_list(outcome):
        return Unanswered(Code.OTHER_SIDE_DOWN)
    if isinstance(outcome, Answered) and not _is_list_of_rows(outcome):
        return Unanswered(Code.BAD_ANSWER)
    return outcome


def _is_list_of_rows(answered: Answered) -> bool:
    return (
        answered.status == 200
        and isinstance(answered.data, list)
        and all(isinstance(row, dict) for row in answered.data)
    )


def _status_alone(fields: Mapping[str, str]) -> dict[str, str]:
    """What is written to a refattach that a person there owns: never its Note."""
    return {n: v for n, v in fields.items() if n in ("RefToStatus", "DateProcComplete")}


def may_have_been_done(outcome: Outcome) -> bool:
    """Whether a write must be looked for before it is made again."""
    return isinstance(outcome, Unanswered) and outcome.unknown


def is_refused(outcome: Outcome) -> bool:
    """Whether a write was refused for what it says: no waiting mends it."""
    return isinstance(outcome, Answered) and outcome.status >= BAD_REQUEST


def is_stopped(outcome: Outcome) -> bool:
    """Whether the key may not write."""
    return isinstance(outcome, Stopped)
