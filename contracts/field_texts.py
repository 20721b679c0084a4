"""Sentences for what pydantic's own checks refuse: the values that are taken, in words.

What the contracts' own parsers refuse has its sentence where it is refused. No sentence quotes a
value; what is filled in is the contract's.
"""

from collections.abc import Mapping
from typing import Any

from contracts.values import DATE_WORDS, PATTERNS_IN_WORDS, TIME_WORDS, UUID_WORDS

_SENTENCES = {
    "missing": "Must be given",
    "bool_type": "Must be true or false, without quotes",
    "date_type": DATE_WORDS,
    "datetime_type": TIME_WORDS,
    "dict_type": "Must be a JSON object",
    "enum": "Must be one of {expected}",
    "extra_forbidden": "There is no such field",
    "greater_than": "Must be more than {gt}",
    "greater_than_equal": "Must be {ge} or more",
    "int_type": "Must be an integer, without quotes and without a decimal point",
    "is_instance_of": UUID_WORDS,
    "less_than": "Must be less than {lt}",
    "less_than_equal": "Must be {le} or less",
    "list_type": "Must be a JSON array",
    "model_type": "Must be a JSON object",
    "string_too_long": "Must have at most {max_length} characters",
    "string_too_short": "Must have {min_length} characters or more",
    "string_type": "Must be a string, in quotes",
    "string_unicode": "Must be text in Unicode, without lone surrogates",
    "too_long": "Must have at most {max_length} items",
    "too_short": "Must have {min_length} items or more",
}
"""By pydantic's type of error, with the names of its context in braces. Of the contracts' types a
UUID is the only one that is asked for as an instance."""


_WHAT_IS_MISSING = {
    "base_version": "Must be given: the version of it that you read last",
    "observed_at": "Must be given: the time at which the record was so, where it comes from",
}
"""By the name of a field that is new to who writes a client."""


def sentence(kind: str, field: str | int, context: Mapping[str, Any], own: str) -> str:
    """What to give instead, for an error of pydantic's type `kind`; `own` where there is none."""
    if "own_words" in context:
        return own
    if kind == "missing" and field in _WHAT_IS_MISSING:
        return _WHAT_IS_MISSING[str(field)]
    if kind == "string_pattern_mismatch" and context.get("pattern") in PATTERNS_IN_WORDS:
        return PATTERNS_IN_WORDS[context["pattern"]]
    written = _SENTENCES.get(kind)
    if written is None:
        return own
    named = {name: str(value).replace("'", "") for name, value in context.items()}
    try:
        return written.format(**named)
    except KeyError:
        return own  # A parser of ours that uses pydantic's name for its own sentence.
