"""The texts by which patients and providers are found and sorted.

Source: docs/contract/wire.md#lists.
"""


def sort_name(name: str | None) -> str | None:
    """What a list is sorted by: the name, lower-cased. None of a tombstone, which has none."""
    return None if name is None else name.lower()


def search_text(name: str | None, *more: str | None) -> str | None:
    """What a search looks through, a line each, case-folded; the name is the first.

    Not lower-cased: a Greek sigma then depends on its place in the word, which a substring has not.
    None of a tombstone.
    """
    if name is None:
        return None
    return "\n".join(text for text in (name, *more) if text).casefold()
