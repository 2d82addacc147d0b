"""Alembic's way into FeedHub's database.

The program calls it with an open connection (``feedhub.store.upgrading.migrate``). A developer may call Alembic itself from this
folder: ``alembic -x url=sqlite:////path/feedhub.db upgrade head``.
"""

from alembic import context
from sqlalchemy import Connection

from feedhub.store.sqlalchemy_engine import connect
from feedhub.store.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,  # SQLite can, once the driver's own transaction handling is off
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = connect(context.get_x_argument(as_dictionary=True)["url"], writing=True)
    with engine.begin() as opened:
        run(opened)
    engine.dispose()
