"""A stand-in for the services in a program's own tests: no broker, no database, no waiting.

`FakeServices` keeps the directory, partners, contacts, contact referrals and outbound referrals in
memory, with ids, versions, idempotency, cursors and events as the services have them; one suite
holds both to the same laws (tests/integration/client/test_laws.py). It checks shapes, not the
services' rules of content, and it delivers when it is told to.
"""

from client.testing.fake import FakeServices
from client.testing.keeping import UnknownToTheFake

__all__ = ["FakeServices", "UnknownToTheFake"]
