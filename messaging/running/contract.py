"""A service's AsyncAPI document where FastStream looks for one: its application's `schema`."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from faststream.specification.base import Specification, SpecificationFactory

Document = dict[str, Any]


class Contract(SpecificationFactory):
    """Gives FastStream the document that is made from the contracts (`contracts.documents`).

    FastStream's own would describe the queues that the service takes from, which no client names.
    The document is made when it is first asked for.
    """

    def __init__(self, title: str, document: Callable[[], Document]) -> None:
        self.title = title
        # The document itself says these.
        self.version = self.description = self.contact = self.license = None
        self._document = cache(document)

    def add_broker(self, broker: Any, /) -> "Contract":
        """The document is whole without it."""
        return self

    def add_http_route(self, path: str, handler: Any) -> "Contract":
        """Health and figures are the operator's: no client asks for them."""
        return self

    def to_specification(self) -> Specification:
        """The document, as FastStream's commands and pages take it."""
        return _Written(self.title, self._document())


class _Written(Specification):
    def __init__(self, title: str, document: Document) -> None:
        self._title, self._document = title, document

    @property
    def title(self) -> str:
        return self._title

    def to_jsonable(self) -> Document:
        return self._document

    def to_json(self) -> str:
        return json.dumps(self._document)

    def to_yaml(self) -> str:
        """JSON, which is YAML too."""
        return json.dumps(self._document, indent=2)
