"""How the tables of `tables.py` came to be, one step after the other, for Alembic."""
