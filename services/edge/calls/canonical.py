"""A message's body, written so that equal input gives equal bytes.

A service knows a repeat by its bytes: the order in which a client's library writes members, and its
white space, must not make another message of it. Numbers keep the digits that they came with.
"""

import json
from decimal import Decimal
from typing import Any


def canonical_json(value: Any) -> bytes:
    """JSON in UTF-8, members in the order of their names, without white space.

    `value` is what `messaging.wire.envelope.read_body` makes. A lone surrogate, which no UTF-8 can
    say, is escaped as it must have come.
    """
    return _written(value).encode("utf-8", "backslashreplace")


def _written(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    members = (f"{_written(name)}:{_written(value[name])}" for name in sorted(value))
    return f"{{{','.join(members)}}}"
