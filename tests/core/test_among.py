"""A condition on many values is one parameter, on either database."""

from sqlalchemy import BigInteger, Column, String, Table, not_, select
from sqlalchemy.dialects import postgresql

from penstock_core.among import among
from penstock_core.store import Store, new_metadata

metadata = new_metadata()
thing = Table("thing", metadata, Column("id", BigInteger, primary_key=True), Column("name", String))
WORDS = ("a", "b'c", 'd"e', "f\\g", "ü,{}")


async def test_text_and_numbers_are_found_however_many_are_asked_for(store: Store) -> None:
    async with store.write() as connection:
        await connection.run_sync(metadata.create_all)
        rows = [{"id": n, "name": word} for n, word in enumerate(WORDS)]
        await connection.execute(thing.insert(), rows)
    query = select(thing.c.id).order_by(thing.c.id)
    async with store.read() as connection:

        async def found(condition: object) -> list[int]:
            rows = await connection.execute(query.where(condition))
            return list(rows.scalars())

        many = [*WORDS[1:4], *(f"other {n}" for n in range(40_000))]
        assert await found(among(thing.c.name, many)) == [1, 2, 3]
        assert await found(among(thing.c.id, [4, 0, 99])) == [0, 4]
        assert await found(not_(among(thing.c.name, WORDS[:4]))) == [4]
        assert await found(among(thing.c.name, [])) == []


def test_the_statement_is_the_same_for_any_number_of_values() -> None:
    said = {
        str(select(thing).where(among(thing.c.id, values)).compile(dialect=postgresql.dialect()))
        for values in ([1], range(100))
    }
    assert len(said) == 1
