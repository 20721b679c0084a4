"""The list of referral sources: its order and its filters."""

from typing import Any

from tests.integration.referrals.marketing import Marketing


async def test_a_list_goes_by_sort_order_and_filters(org: Marketing) -> None:
    """Category, activity, and a substring of the name in any case; % and _ mean themselves."""
    made = [
        await org.source(name=name, category=category, is_active=active)
        for name, category, active in (
            ("Zeitung", "print_media", True),
            ("Élan Radio", "tv_radio", False),
            ("100% Radio_X", "tv_radio", True),
            ("Anzeige", "print_media", True),
        )
    ]

    async def names(**fields: Any) -> list[str]:
        listed = await org.ask("referral_source.list", **fields)
        assert listed.data["total"] == len(listed.data["items"])
        return [item["name"] for item in listed.data["items"]]

    assert await names() == ["Zeitung", "Élan Radio", "100% Radio_X", "Anzeige"]
    assert await names(category="tv_radio") == ["Élan Radio", "100% Radio_X"]
    assert await names(category="tv_radio", is_active=True) == ["100% Radio_X"]
    assert await names(is_active=False) == ["Élan Radio"]
    assert await names(search="RADIO") == ["Élan Radio", "100% Radio_X"]
    assert await names(search="éLAN") == ["Élan Radio"]
    assert await names(search="%") == ["100% Radio_X"]
    assert await names(search="_") == ["100% Radio_X"]
    assert await names(search="nothing") == []
    listed = await org.ask("referral_source.list", page=2, page_size=3)
    assert listed.data == {"items": made[3:], "page": 2, "page_size": 3, "total": 4}
    past = await org.ask("referral_source.list", page=9)
    assert past.data == {"items": [], "page": 9, "page_size": 50, "total": 4}
    renamed = await org.update("referral_source", made[0], name="Radio Zeitung")
    assert renamed.status == 200
    assert await names(search="radio z") == ["Radio Zeitung"]
