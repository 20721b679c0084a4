"""What the mapped tables of referrals share. Every key and foreign key holds the org."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped

from messaging.database.engine import Moment


class Base(DeclarativeBase):
    """Times are aware, texts unbounded in the table: their length is the contract's to judge."""

    metadata = MetaData(naming_convention={"fk": "fk_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map: ClassVar = {datetime: Moment, str: Text}


class Versioned:
    """What every resource's row has."""

    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
