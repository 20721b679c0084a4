"""The desk while the broker is away: what was typed is kept, and is done once afterwards."""

from pathlib import Path

from tests.support.broker.gate import gate
from tests.support.services.both import Both
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import running_edge
from tests.support.waiting import until

ORG = "org_away"


async def test_what_was_typed_is_kept_while_the_broker_is_away(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """The page says that nothing was done, with all that was typed; its button makes it once."""
    async with gate(rabbitmq_vhost) as way, running_edge(way.url, tmp_path) as edge:
        visitor = await at_the_desk(edge, ORG)
        form = (await visitor.open("/partners/new")).form("referral_partner.create")
        await way.shut()
        await until(lambda: not edge.edge.health.ready, 10)
        away = await visitor.press(form, first_name="Ann", last_name="Archer")
        assert away.status == 503
        assert "Not done: the service is away" in away.text and "Archer" in away.text
        assert (await visitor.open("/partners")).status == 503
        await way.open()
        await until(lambda: edge.edge.health.ready, 10)
        kept = away.form("referral_partner.create")
        for _ in range(2):
            assert "The partner is there." in (await visitor.press(kept)).text
        assert "Partners 1" in (await visitor.open("/partners")).text
