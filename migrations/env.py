"""How Alembic runs our migrations: one transaction each, and never waiting long for a lock that web requests hold."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.models.mapping import Model

import app.models  # isort: skip  # maps every table


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url, "run migrations with `stallkeeper migrate`"
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Model.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            context.run_migrations()


assert app.models.__all__
run()
