"""`stallkeeper`: what an operator types."""

import click

from app import db


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Stallkeeper: a multi-vendor marketplace in one Shopify store."""


@main.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run at any time, by several machines at once."""
    db.migrate()
    click.echo("The database is up to date.")
