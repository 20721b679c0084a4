"""Rendering of answer pages: the link's page in all its states, and the pages that say why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from services.edge.answer_pages.answers import REASONS, offered
from services.edge.desk.rendering import HTML, Assets, headers_for
from services.edge.desk.wording import Texts, day, moment
from services.edge.problems import HttpProblem

_FOLDER: Final = Path(__file__).parent
_FIELDS: Final = ("code", "date", "time", "reason_code", "note")
UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not done, as it is shown again. `name` is the form's."""

    name: str
    typed: Mapping[str, str]
    problem: HttpProblem

    def kind(self, field: str) -> str | None:
        """What is wrong with a field; None where nothing is."""
        wrong = (one.type for one in self.problem.detail if field in one.loc[1:2])
        return next(wrong, None)

    def words(self, field: str) -> str:
        """What is wrong with a field, in the words of the service that refused it."""
        return next(one.msg for one in self.problem.detail if field in one.loc[1:2])

    @property
    def is_about_a_field(self) -> bool:
        """Whether a field of the form says it."""
        return any(self.kind(field) is not None for field in _FIELDS)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to call: where a browser's telephone finds it, and as people write it."""

    href: str
    shown: str

    @classmethod
    def read(cls, written: str | None) -> "Phone | None":
        """Of a number in E.164, its extension behind it; None where there is none."""
        if written is None:
            return None
        style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return cls(f"tel:{written}", phonenumbers.format_number(phonenumbers.parse(written), style))


class Rendering:
    """Makes answers of templates."""

    def __init__(self, texts: Texts, assets: Assets) -> None:
        self.texts = texts
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"t": texts, "asset": assets.path, "reasons": REASONS}

    def link(
        self,
        opened: Mapping[str, Any],
        *,
        csrf: str,
        key: str,
        sent: str | None = None,
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        """What a link shows, with the forms that it takes now. `sent`: the form just sent."""
        zone = zone_of(opened)
        referral = opened["referral"]
        is_open = opened["status"] == "open"
        return self._answer(
            "link.html",
            status,
            opened=opened,
            referral=referral,
            is_open=is_open,
            forms=offered(referral) if is_open and referral is not None else [],
            csrf=csrf,
            key=key,
            sent=sent,
            refused=refused,
            zone=zone.key,
            phone=Phone.read(opened["practice"]["phone"]),
            day=lambda written: day(f"{written}T12:00:00Z", UTC),
            moment=lambda at: moment(at, zone),
        )

    def closed(
        self,
        status: int,
        why: str,
        headers: Mapping[str, str] | None = None,
        typed: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Why there is nothing to answer here. `why` is a text of the catalogue, `typed` the form
        that may be sent again."""
        known = why if self.texts.has(f"answer.closed.{why}.title") else "other"
        return self._answer("closed.html", status, headers, why=known, typed=typed)

    def _answer(
        self, template: str, status: int, headers: Mapping[str, str] | None = None, **shown: Any
    ) -> Response:
        text = self._templates.get_template(template).render(shown)
        return Response(text, status, {**headers_for(HTML), **(headers or {})})


def zone_of(opened: Mapping[str, Any]) -> ZoneInfo:
    """The practice's time zone, UTC where it has none."""
    try:
        return ZoneInfo(opened["practice"].get("time_zone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
