"""A text is found where a word begins, however it is written, and nowhere else."""

from __future__ import annotations

import pytest

from portal.access import SYSTEM
from portal.db import atomic
from portal.kit.queries import words
from portal.kit.queries.words import Words
from tests.cast import NORTH, SOUTH
from tests.conftest import Database
from tests.factories import two_clouds

NAME = "Main  Gate-north 0070b (città)"


async def finds(text: str, table: Words = words.CAMERAS, cloud: int = NORTH) -> bool:
    async with atomic(SYSTEM) as tx:
        found = await words.find(tx, table, cloud, text)
    assert found is not None
    return bool(found.ids)


async def make(name: str) -> None:
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into camera (cloud, external_id, name) values ($1, 'lobby/Cam-0017', $2)",
            NORTH,
            name,
        )


@pytest.mark.parametrize(
    "text",
    [
        *("main", "MAIN", "main gate", " Main   gate-n ", "gate", "gate-north 0070b (c", "north"),
        *(
            "0070b",
            "70b",
            "70",
            "b (",
            "citt",
            "città",
            "(città",
            "lobby",
            "lobby/cam-0",
            "cam-0017",
        ),
        *("0017", "17"),
    ],
)
async def test_a_text_is_found_where_a_word_begins(worker: Database, text: str) -> None:
    await two_clouds()
    await make(NAME)
    assert await finds(text)
    assert not await finds(text, cloud=SOUTH), "nor in another cloud"


@pytest.mark.parametrize("text", ["ain", "ate", "obby", "north gate", "%", "_", "070b", "zz"])
async def test_a_text_is_not_found_within_a_word(worker: Database, text: str) -> None:
    await two_clouds()
    await make(NAME)
    assert not await finds(text)


async def test_words_follow_what_they_are_of(worker: Database) -> None:
    """A document bears the name of its day: by that it is found when the customer has another."""
    await two_clouds()
    await make(NAME)
    async with atomic(SYSTEM) as tx:
        await tx.execute("update camera set name = 'Barn' where external_id = 'lobby/Cam-0017'")
        await tx.execute(
            "update subscriber set name = 'Quay & Sons', tax_number = 'IT 0456', number = 41"
            " where cloud = $1 and number = 1",
            NORTH,
        )
    assert await finds("barn")
    assert not await finds("gate-north")
    for text in ("quay", "sons", "41", "it 04", "it04", "456"):
        assert await finds(text, words.SUBSCRIBERS), text
    assert not await finds("sue", words.CHOSEN), "nobody is called so"
    assert await finds("sue", words.DOCUMENTS)
    assert not await finds("it04", words.DOCUMENTS)


async def test_of_many_the_first_by_word_are_told(worker: Database) -> None:
    await two_clouds()
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into camera (cloud, external_id, name) select $1, 'q' || n, 'Quay ' || n"
            " from generate_series(1, 30) n",
            NORTH,
        )
        found = await words.find(tx, words.CAMERAS, NORTH, "quay 1", 5)
        assert found is not None
        names = await tx.fetch("select name from camera where id = any($1)", found.ids)
        whole = await words.find(tx, words.CAMERAS, NORTH, "quay", 30)
    assert found.is_more
    assert {row["name"] for row in names} == {"Quay 1", "Quay 10", "Quay 11", "Quay 12", "Quay 13"}
    assert whole is not None
    assert (len(whole.ids), whole.is_more) == (30, False)
