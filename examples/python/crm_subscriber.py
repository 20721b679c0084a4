"""A CRM's own table of contacts, and of who sent whom: current from the start, and kept so.

HANDOFF_URL=amqp://… python crm_subscriber.py ORG crm.sqlite
"""

import asyncio
import os
import sqlite3
import sys

from client import Change, EventSubscriber, ReferralsClient, SqlitePositions
from contracts.contact import Contact
from contracts.contact_referral import ContactReferral

TABLES = """
CREATE TABLE IF NOT EXISTS contact (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contact_referral (
  id TEXT PRIMARY KEY, referred_by TEXT, referred_to TEXT);
CREATE VIEW IF NOT EXISTS contact_with_count AS SELECT c.id, c.name, count(r.id) AS referrals
  FROM contact c LEFT JOIN contact_referral r ON r.referred_by = c.id GROUP BY c.id, c.name;
"""

GONE = {
    "contact": "DELETE FROM contact WHERE id = ?",
    "contact_referral": "DELETE FROM contact_referral WHERE id = ?",
}


class Crm:
    """Its database. Rows and positions are written in one transaction: repeats change nothing."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(TABLES)

    def apply(self, change: Change) -> None:
        """Write one change down."""
        id_ = change.subject.id
        if change.gone:
            self.database.execute(GONE[change.subject.resource], (id_,))
            return
        match change.data:
            case Contact(name=name):
                self.database.execute("INSERT OR REPLACE INTO contact VALUES (?, ?)", (id_, name))
            case ContactReferral(referred_by=by, referred_to=to):
                self.database.execute(
                    "INSERT OR REPLACE INTO contact_referral VALUES (?, ?, ?)",
                    (id_, str(by.uuid), str(to.uuid)),
                )


async def main(org: str, path: str) -> None:
    url, crm = os.environ["HANDOFF_URL"], Crm(path)
    async with ReferralsClient(url) as client:
        subscriber = EventSubscriber(
            url,
            client,
            name=f"crm_python_{org}",
            resources=["contact", "contact_referral"],
            orgs=[org],
            positions=SqlitePositions(crm.database),
            apply=crm.apply,
        )
        running = asyncio.create_task(subscriber.run())
        await subscriber.current.wait()
        print("current", flush=True)
        await running


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
