"""Rendering: templates, which escape whatever they are given, and the headers of every answer."""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from contracts.catalogue import EVENTS
from services.edge.desk.outcomes import told
from services.edge.desk.page import Page
from services.edge.desk.visit import Visit
from services.edge.desk.wording import Texts, date, day, dialled, distance, moment, span, waited
from services.edge.problems import HttpProblem

_FOLDER: Final = Path(__file__).parent
_ASSET_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}
_EVENT_TYPES: Final = " ".join(sorted(EVENTS))
HTML: Final = "text/html; charset=utf-8"
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def headers_for(content_type: str, *, framed: bool = False) -> dict[str, str]:
    """The headers of an answer; `framed`: a page of ours may show it in a frame (a letter)."""
    policy = _POLICY.format(ancestors="'self'" if framed else "'none'")
    return {**_HEADERS, "Content-Security-Policy": policy, "Content-Type": content_type}


class Assets:
    """The style sheet, the script and the icon, each under a path that changes with it.

    `below`: the path that theirs begin with.
    """

    def __init__(self, below: str = "/desk/~assets") -> None:
        self._below = below
        files = sorted((_FOLDER / "assets").iterdir())
        self._files = {file.name: file.read_bytes() for file in files if file.is_file()}
        self._digest = sha256(b"\0".join(self._files.values())).hexdigest()[:16]

    def path(self, name: str) -> str:
        """Where a browser finds it. Raises KeyError where there is none."""
        assert self._files[name] is not None
        return f"{self._below}/{self._digest}/{name}"

    def answer(self, digest: str, name: str) -> Response | None:
        """An asset; None where there is none."""
        content = self._files.get(name)
        if content is None or digest != self._digest:
            return None
        said = headers_for(f"{_ASSET_TYPES[Path(name).suffix]}; charset=utf-8")
        return Response(content, headers={**said, **_FOR_EVER})


class Rendering:
    """Makes answers of templates. `pages` are those that the frame may link to."""

    def __init__(self, pages: Sequence[Page], texts: Texts) -> None:
        self.texts = texts
        self.assets = Assets()
        self._pages = [page for page in pages if page.in_navigation]
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.do"],
        )
        self._templates.globals |= {
            "t": texts,
            "asset": self.assets.path,
            "page_path": page_path,
            "live": live,
            "dialled": dialled,
            "told": partial(told, texts),
        }

    def page(
        self, page: Page, visit: Visit, zone: ZoneInfo, shown: Mapping[str, Any], status: int = 200
    ) -> Response:
        """A page as its template has it."""
        return self._answer(
            page.template, status, {**self._framed(visit, zone), "page": page, **shown}
        )

    def error(
        self, problem: HttpProblem, visit: Visit | None, zone: ZoneInfo, incident: str
    ) -> Response:
        """A page that cannot be shown. What was typed is on it, to be sent again."""
        given = self._framed(visit, zone) if visit is not None else {"visit": None}
        said = {"problem": problem, "incident": incident, "page": None, **given}
        return self._answer("error.html", problem.status, said, problem.headers)

    def framed(self, page: Page, visit: Visit, problem: HttpProblem) -> Response:
        """Why a page of ours cannot show in a frame what it was to."""
        said = {"visit": visit, "page": page, "problem": problem}
        framed = headers_for(HTML, framed=True)
        return self._answer(page.template, problem.status, said, framed)

    def plain(self, template: str, status: int = 200, **shown: Any) -> Response:
        """A page of nobody's: the login."""
        return self._answer(template, status, {"visit": None, "page": None, **shown})

    def _answer(
        self,
        template: str,
        status: int,
        shown: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        text = self._templates.get_template(template).render(shown)
        return Response(text, status, {**headers_for(HTML), **(headers or {})})

    def _framed(self, visit: Visit, zone: ZoneInfo) -> dict[str, Any]:
        """What every page of an org is given."""
        links = [
            page for page in self._pages if visit.may(*page.asks) and visit.reaches(*page.asks)
        ]

        def time(at: str | None) -> Markup:
            return (
                Markup('<time datetime="{}" title="{}">{}</time>').format(
                    at, moment(at, zone), distance(self.texts, at, visit.now)
                )
                if at
                else Markup("")
            )

        return {
            "visit": visit,
            "navigation": links,
            "ago": time,
            "moment": lambda at: moment(at, zone) if at else "",
            "day": lambda at: day(at, zone) if at else "",
            "date": lambda written: date(written) if written else "",
            "waited": lambda since: waited(self.texts, since, visit.now) if since else "",
            "span": lambda seconds: span(self.texts, seconds),
            "zone": zone,
            "event_types": _EVENT_TYPES,
            "practice_name": visit.practice_name,
        }


def page_path(visit: Visit, page: Page) -> str:
    """The path of a page without parameters of its own."""
    return visit.home + page.path


def live(*shown: Any) -> str:
    """What tells a part of a page that has changed from one that has not."""
    return sha256(repr(shown).encode()).hexdigest()[:16]
