"""Whether this replica can do its work: what it waits for, by name."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Health:
    """Conditions that must all hold for the service to be ready. Each starts as not met."""

    _conditions: dict[str, str | None] = field(default_factory=dict)

    def condition(self, name: str) -> Callable[[str | None], None]:
        """Add a condition; call what is returned with why it is not met, or None where it is."""
        self._conditions[name] = "not yet"

        def report(reason: str | None) -> None:
            self._conditions[name] = reason

        return report

    @property
    def ready(self) -> bool:
        """Whether every condition is met."""
        return all(reason is None for reason in self._conditions.values())

    def report(self) -> dict[str, str]:
        """Each condition: `ok`, or why not."""
        return {name: reason or "ok" for name, reason in self._conditions.items()}
