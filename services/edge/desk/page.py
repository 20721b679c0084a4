"""A page of the desk: its path, its template, what it shows, and what can be done on it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.edge.desk.visit import Visit
from services.edge.routes import ORG_FIELD

BELOW = f"/desk/{{{ORG_FIELD}}}"
"""Where the pages of an org are."""

Shown = Mapping[str, Any]
"""What a template is given, beside what all are given."""


@dataclass(frozen=True)
class Action:
    """One operation that a page's forms send.

    `prepare` makes the message's fields of the form's, where they are not the same. `then` says
    where to go with the reply's data; without it, where the form says, or this page again. `stays`:
    the reply is shown on the page itself and once, as `visit.reply`, and in no address. `also`:
    what a form's button may do right after it, with the fields that it makes of the reply.
    """

    operation: str
    prepare: Callable[[Visit, dict[str, Any]], Awaitable[dict[str, Any]]] | None = None
    then: Callable[[Visit, Any], str] | None = None
    stays: bool = False
    also: Mapping[str, Callable[[Any], dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page. `path` is below the org's; its parameters join the fields of what is done.

    `asks`: the operations without which there is nothing to show: who may not do them all has no
    link to it, and gets 403. `in_navigation`: whether the frame links to it.
    """

    name: str
    path: str
    template: str
    show: Callable[[Visit], Awaitable[Shown]]
    asks: tuple[str, ...] = ()
    does: tuple[Action, ...] = ()
    in_navigation: bool = False
    answers_as: str | None = None
    """Another content type than HTML's, of a page whose `show` gives `body` (a CSV, a PDF)."""
    reads_a_form: bool = False
    """Whether it is sent a form, of which it shows something in a frame. Nothing is done by it, and
    `template` says in the frame why it cannot be shown."""

    @property
    def route(self) -> str:
        """The whole path, as a template."""
        return BELOW + self.path

    def action(self, operation: str) -> Action | None:
        """What the page does by this operation; None where it does not."""
        return next((one for one in self.does if one.operation == operation), None)
