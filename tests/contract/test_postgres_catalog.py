"""What PostgreSQL's own statistics say of a column."""

import asyncpg

from adapters.credentials import Credential
from adapters.postgres import PostgresAdapter
from sandbox.sandbox import Sandbox


async def test_distinct_values_are_those_that_postgresql_estimates(sandbox: Sandbox) -> None:
    """A count, a share of the rows, and nothing where there are no statistics; parts included."""
    server = sandbox.postgres
    admin = await asyncpg.connect(server.admin_dsn())
    await admin.execute("""
        DROP TABLE IF EXISTS public.counted, public.uncounted, public.parted;
        CREATE TABLE public.counted AS
            SELECT g AS id, g % 4 AS kind, NULL::text AS nothing FROM generate_series(1, 1000) AS g;
        CREATE TABLE public.uncounted AS SELECT 1 AS id;
        ALTER TABLE public.uncounted SET (autovacuum_enabled = false);
        CREATE TABLE public.parted (id int, kind int) PARTITION BY LIST (kind);
        CREATE TABLE public.parted_0 PARTITION OF public.parted FOR VALUES IN (0);
        CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES IN (1);
        INSERT INTO public.parted SELECT g, g % 2 FROM generate_series(1, 1000) AS g;
        ANALYZE public.counted, public.parted;
    """)
    try:
        adapter = PostgresAdapter(
            "counted", host=server.host, port=server.port, database="postgres"
        )
        credential = Credential(server.admin_user, server.admin_password)
        catalog = await adapter.introspect(credential, 10)
    finally:
        await admin.execute("DROP TABLE public.counted, public.uncounted, public.parted")
        await admin.close()
    found = {
        (relation.name, column.name): column.distinct
        for relation in catalog.relations
        for column in relation.columns
    }
    assert found["public.counted", "id"] == 1000
    assert found["public.counted", "kind"] == 4
    assert found["public.counted", "nothing"] is None
    assert found["public.uncounted", "id"] is None
    assert found["public.parted", "id"] == 1000
    assert found["public.parted", "kind"] == 2


async def test_text_that_compares_in_its_own_way_is_known(sandbox: Sandbox) -> None:
    """Columns of citext, of collations for which different texts may be equal, and of types that
    are read as text but are none."""
    server = sandbox.postgres
    await server.create_database("folding", fresh=True)
    admin = await asyncpg.connect(server.admin_dsn("folding"))
    await admin.execute("""
        CREATE EXTENSION citext;
        CREATE COLLATION caseless (provider = libc, locale = 'C');
        SET allow_system_table_mods = on; -- a build without ICU can't make one that is not
        UPDATE pg_collation SET collisdeterministic = false WHERE collname = 'caseless';
        CREATE TYPE mood AS ENUM ('well', 'ill');
        CREATE DOMAIN address AS citext;
        CREATE TABLE person
            (email citext, other address, town text COLLATE caseless, name text, born date,
             pay money, host inet, id uuid, initial char(1), mood mood, nick varchar);
    """)
    await admin.close()
    adapter = PostgresAdapter("folding", host=server.host, port=server.port, database="folding")
    catalog = await adapter.introspect(Credential(server.admin_user, server.admin_password), 10)
    person = catalog.relation("public.person")
    assert person is not None
    odd = {column.name for column in person.columns if column.odd}
    assert odd == {"email", "other", "town", "pay", "host"}
