"""Row-level security in five shapes. Every table with a shop_id gets one of them in the migration that makes it.

`stallkeeper_app` is what requests and shop jobs run as; it is told by `SET LOCAL` which shop, and perhaps which vendor,
is asking (app/db.py). `stallkeeper_system` sees every shop: doors, inbox and sweeps. `stallkeeper_customer` is one
customer of one shop, and has no grant on any table but those of `protect_for_customer`, and on whether the shop is
installed.
"""

from collections.abc import Iterable

from alembic import op

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stallkeeper_app') THEN
    CREATE ROLE stallkeeper_app NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stallkeeper_system') THEN
    CREATE ROLE stallkeeper_system NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases of one server, migrated at once
END $$;
GRANT stallkeeper_app, stallkeeper_system TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO stallkeeper_app, stallkeeper_system;
CREATE FUNCTION asking_shop() RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.shop_id', true), '')::bigint $$;
CREATE FUNCTION asking_vendor() RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.vendor_id', true), '')::bigint $$;
"""

CUSTOMER_ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stallkeeper_customer') THEN
    CREATE ROLE stallkeeper_customer NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases of one server, migrated at once
END $$;
GRANT stallkeeper_customer TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO stallkeeper_customer;
CREATE FUNCTION asking_customer() RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.customer_id', true), '')::bigint $$;
"""

_NO_VENDOR = "(SELECT asking_vendor()) IS NULL"
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")


def create_roles() -> None:
    op.execute(ROLES)


def create_customer_role() -> None:
    op.execute(CUSTOMER_ROLE)


def protect_for_customer(table: str) -> None:
    """A customer reads and writes their own rows; the shop's staff and jobs see all of the shop, vendors nothing."""
    protect_for_shop(table)
    own = f"{_this_shop()} AND customer_id = (SELECT asking_customer())"
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO stallkeeper_customer")
    op.execute(f"CREATE POLICY own ON {table} TO stallkeeper_customer USING ({own}) WITH CHECK ({own})")


def protect_for_shop(table: str, grants: Iterable[str] = _ALL) -> None:
    """The shop's staff only: a vendor sees no row, and may not add one."""
    asking = f"{_this_shop()} AND {_NO_VENDOR}"
    _protect(table, grants, read=asking, write=asking)


def protect_for_vendor(table: str, grants: Iterable[str] = _ALL, *, vendor_column: str = "vendor_id") -> None:
    """The shop's staff see all of the shop, a vendor their own rows."""
    asking = f"{_this_shop()} AND {_this_vendor(vendor_column)}"
    _protect(table, grants, read=asking, write=asking)


def protect_readable_by_vendor(table: str, grants: Iterable[str] = _ALL) -> None:
    """A vendor reads their own rows; only the shop's staff and jobs write."""
    this_shop = _this_shop()
    _protect(table, grants, read=f"{this_shop} AND {_this_vendor()}", write=f"{this_shop} AND {_NO_VENDOR}")


def protect_shared(table: str, grants: Iterable[str] = _ALL, *, shop_column: str = "shop_id") -> None:
    """The whole shop may read, vendors included; only its staff may write."""
    _protect(table, grants, read=_this_shop(shop_column), write=f"{_this_shop(shop_column)} AND {_NO_VENDOR}")


def _this_shop(column: str = "shop_id") -> str:
    return f"{column} = (SELECT asking_shop())"


def _this_vendor(column: str = "vendor_id") -> str:
    return f"({_NO_VENDOR} OR {column} = (SELECT asking_vendor()))"


def _protect(table: str, grants: Iterable[str], *, read: str, write: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"GRANT {', '.join(grants)} ON {table} TO stallkeeper_app, stallkeeper_system")
    op.execute(f"CREATE POLICY system ON {table} TO stallkeeper_system USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY reading ON {table} FOR SELECT TO stallkeeper_app USING ({read})")
    op.execute(f"CREATE POLICY adding ON {table} FOR INSERT TO stallkeeper_app WITH CHECK ({write})")
    op.execute(f"CREATE POLICY changing ON {table} FOR UPDATE TO stallkeeper_app USING ({write}) WITH CHECK ({write})")
    op.execute(f"CREATE POLICY removing ON {table} FOR DELETE TO stallkeeper_app USING ({write})")
