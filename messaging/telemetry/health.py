"""Whether this replica can do its work: what it waits for, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Health:
    """Conditions that must all hold for the service to be ready. Each starts as not met.

    Notes are worth knowing, and keep it from nothing.
    """

    _conditions: dict[str, str | None] = field(default_factory=dict)
    _notes: dict[str, str] = field(default_factory=dict)

    def condition(self, name: str) -> Callable[[str | None], None]:
        """Add a condition; call what is returned with why it is not met, or None where it is."""
        self._conditions[name] = "not yet"

        def report(reason: str | None) -> None:
            self._conditions[name] = reason

        return report

    def note(self, name: str) -> Callable[[str | None], None]:
        """Call what is returned with what is worth knowing about it, or None where nothing is."""

        def tell(words: str | None) -> None:
            if words is None:
                self._notes.pop(name, None)
            else:
                self._notes[name] = words

        return tell

    @property
    def ready(self) -> bool:
        """Whether every condition is met."""
        return all(reason is None for reason in self._conditions.values())

    def report(self) -> dict[str, str]:
        """Each condition: `ok`, or why not."""
        return {name: reason or "ok" for name, reason in self._conditions.items()}

    def notes(self) -> dict[str, str]:
        """What is worth knowing, by what it is about."""
        return dict(self._notes)
