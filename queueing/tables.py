"""What became of each offer: folded from the journal, never asked by the dispatcher."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class OfferRow(Base):
    """One offer and its outcome.

    An offer's number is counted in Redis and may begin again with a new Redis; together with the
    contact it stays unique.
    """

    __tablename__ = "offers"

    contact: Mapped[str] = mapped_column(String(64), primary_key=True)
    offer: Mapped[str] = mapped_column(String(64), primary_key=True)
    counselor: Mapped[str] = mapped_column(String(64), index=True)
    offered_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))
    """None while it rings; ``answered``, an `OfferOutcome`, or ``contact_ended``."""
    status: Mapped[int | None]
    """The SIP status, where there was one."""
