"""A page of the desk alone: what it shows when the services answer so, without a server."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from services.edge.asking import Asking
from services.edge.desk.page import Page
from services.edge.desk.pages import PAGES
from services.edge.desk.rendering import Rendering
from services.edge.desk.visit import RefusedForm, Visit
from services.edge.desk.wording import Texts
from services.edge.http.record import Record
from services.edge.problems import EdgeCode, refusal
from services.edge.tokens.token import Token
from tests.support.services.desk import Shown, read_page

NOW = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
_RENDERING = Rendering(PAGES, Texts("en"))
_NOTHING = {"items": [], "total": 0, "page": 1, "page_size": 50}

Answer = Callable[..., Any]


class AloneVisit(Visit):
    """A visit whose questions are answered here; a list that nobody speaks of is empty."""

    answers: Mapping[str, Any]

    async def read(self, operation: str, **fields: Any) -> Any:
        """What is answered: a value, or what a function of the fields gives."""
        if operation not in self.answers:
            if operation.endswith(".list"):
                return {**_NOTHING, "page_size": fields.get("page_size", 50)}
            raise refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is none.")
        answer = self.answers[operation]
        return answer(**fields) if callable(answer) else answer


def alone(
    answers: Mapping[str, Any],
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    refused: RefusedForm | None = None,
    here: str = "/desk/org_1",
) -> AloneVisit:
    """Somebody who may do everything, at NOW."""
    token = SimpleNamespace(may=lambda *_: True, actor="lee", client="desk", id="t")
    nobody = cast(Any, SimpleNamespace(can_be_asked=lambda _: True))
    visit = AloneVisit(
        token=cast(Token, token),
        org_id="org_1",
        asking=cast(Asking, nobody),
        record=Record("1", {}),
        watching=nobody,
        csrf="c",
        path=path or {},
        query=query or {},
        here=here,
        refused=refused,
        now=NOW,
    )
    visit.answers = answers
    return visit


async def shown_alone(page: Page, visit: AloneVisit) -> Shown:
    """The page as a browser without JavaScript reads it."""
    shown = await page.show(visit)
    answer = _RENDERING.page(page, visit, await visit.zone(), shown)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return read_page(answer.status_code, headers, bytes(answer.body), visit.here)


def listed(*items: Any) -> dict[str, Any]:
    """A list's one page."""
    return {"items": list(items), "total": len(items), "page": 1, "page_size": 50}
