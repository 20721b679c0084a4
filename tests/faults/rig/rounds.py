"""A round of the rig: some desks at work, and how far they are."""

from dataclasses import dataclass

from tests.faults.judging.ledger import Ledger
from tests.faults.parties.desk import Desk
from tests.support.waiting import until


@dataclass
class Round:
    """Some desks at work. The ledger is known when it is over."""

    desks: list[Desk]
    ledger: Ledger | None = None

    @property
    def orgs(self) -> list[str]:
        return [desk.org_id for desk in self.desks]

    @property
    def summary(self) -> str:
        """What was done, for whoever watches."""
        if self.ledger is None:
            return f"{self.answered} commands"
        book = self.ledger
        quiet = "never quiet" if book.recovery_seconds is None else f"{book.recovery_seconds:.1f} s"
        return (
            f"{self.answered} commands, {len(book.ereferrals)} e-referrals, "
            f"{len(book.told)} events, quiet after {quiet}"
        )

    @property
    def answered(self) -> int:
        """How many commands were answered up to now."""
        return sum(desk.answered for desk in self.desks)

    async def goes_on(self, commands: int = 20, within_seconds: float = 60.0) -> None:
        """Wait until so many more commands were answered."""
        enough = self.answered + commands
        await until(lambda: self.answered >= enough, within_seconds)

    async def everybody_goes_on(self, within_seconds: float) -> None:
        """Wait until each desk has got another two answers: what was open before, and a new one."""
        before = [desk.answered for desk in self.desks]
        await until(
            lambda: all(
                desk.answered >= count + 2 for desk, count in zip(self.desks, before, strict=True)
            ),
            within_seconds,
        )
