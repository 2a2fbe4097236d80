"""Schema changes, one file each, run by Alembic when a database is opened."""
