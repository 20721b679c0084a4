"""PostgreSQL: engines, errors, the tables of every service, migrations."""
