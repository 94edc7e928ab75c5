"""Migrations are in step with the models, on both databases."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from admin import schema
from hotline.database import Base, open_engine
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    # Not below pytest's own folder, which is closed to PostgreSQL's user.
    with tempfile.TemporaryDirectory(prefix="hotline-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder) / "cluster")
        server.start()
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        engine = open_engine(server.url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    assert not schema.is_current(engine)
    schema.upgrade(engine)
    assert schema.is_current(engine)
    assert schema.differences(engine) == []
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_a_column_that_no_migration_makes_is_noticed(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE contacts DROP COLUMN menu_outcome"))
    assert [change[0] for change in schema.differences(engine)] == ["add_column"]


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    schema.upgrade(engine)
    assert schema.is_current(engine)


def test_the_schema_alone_knows_every_table(tmp_path: Path) -> None:
    """In a process of its own: here other modules have declared their tables already."""
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    schema.upgrade(engine)
    made = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    program = "from admin import schema; print(*schema.METADATA.tables)"
    known = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert set(known.stdout.split()) == made
