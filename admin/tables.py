"""Tables that belong to the administration: who works here."""

from __future__ import annotations

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class CounselorRow(Base):
    """One counselor, or one in-house phone. The password is not here: the edge keeps its HA1."""

    __tablename__ = "counselors"

    extension: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    """``volunteer``, ``professional`` or ``supervisor``; ``extension`` for an in-house phone."""
    node: Mapped[str] = mapped_column(String(200))
    skills: Mapped[dict[str, int]] = mapped_column(JSON)
    """Skill to level, 1 to 5."""
