"""Turns of the event loop, between those who have much to take."""

import asyncio

from hepscope_ingest.turns import Turn


async def test_whoever_works_for_long_lets_the_others_go_on() -> None:
    """Also when nothing that it waits for is ever missing."""
    others: list[int] = []
    asyncio.get_running_loop().call_soon(others.append, 1)
    turn = Turn()
    while not others:
        await turn.rest()
    assert others == [1]


async def test_a_turn_that_has_just_begun_is_not_over() -> None:
    """A pause costs every packet, if it comes too often."""
    turn = Turn()
    while not turn.is_over:
        pass
    await turn.rest()
    assert not turn.is_over
