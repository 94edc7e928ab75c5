"""The history of the database's schema; `admin.schema` applies it."""
