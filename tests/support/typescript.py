"""Types for TypeScript, made from the schemas; `python -m tests.support.typescript` writes them."""

import json

from contracts.catalogue import EVENTS, OPERATIONS
from tests.support import node
from tests.support.services.process import REPOSITORY

TYPES = REPOSITORY / "typescript" / "index.d.ts"


def generated() -> str:
    """The module, from the schemas that are shipped."""
    asked = {
        "operations": {
            name: {"exchange": one.exchange, "request": one.request.__name__}
            for name, one in sorted(OPERATIONS.items())
        },
        "events": sorted(EVENTS),
    }
    schemas = REPOSITORY / "docs" / "schemas" / "handoff.json"
    (written,) = node.run("write_types.mjs", str(schemas), typed=json.dumps(asked))
    assert isinstance(written, str)
    return written


if __name__ == "__main__":
    TYPES.write_text(generated(), encoding="utf-8")
