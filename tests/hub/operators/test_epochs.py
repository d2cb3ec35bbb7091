"""A restored hub still has something of its older epoch to tell: an ack in one says nothing about the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.clock import SystemClock
from hub.core.pen import new_epoch
from hub.operators.config import OperatorConfig
from hub.sdk.testing.clock import QuickClock
from tests.hub.operators.peer import Json, Peer
from tests.hub.operators.small_hub import running
from tests.observer import until


@pytest.mark.parametrize("resend", [False, True])
async def test_the_end_of_the_older_epoch_is_not_passed_over(
    tmp_path: Path, acme: OperatorConfig, peer: Peer, resend: bool
) -> None:
    """Its only message is lost behind the broker; and each status is answered with an ack in the new epoch."""
    async with running(tmp_path, {}) as before:
        await before.journals(50)
        old, head = before.store.epoch, before.journal.head
        await before.store.write(lambda tx: new_epoch(tx.connection, head, SystemClock()))
    lost: list[Json] = []

    def loses_the_first(batch: Json) -> bool:
        peer.say("ack", peer.ack_of(peer.statuses[-1][1]["epoch"], resend=resend))
        lost.append(batch)
        return len(lost) == 1

    peer.loses = loses_the_first
    async with running(tmp_path, {"acme": acme}, QuickClock(40)) as hub:
        await hub.journals(50)
        fresh = hub.store.epoch
        assert fresh != old
        await until(lambda: peer.upto.get(fresh) == hub.journal.head_position.seq, "the new epoch")
    assert lost[0]["epoch"] == old
    assert list(peer.stored) == [(old, seq) for seq in range(1, head + 1)] + [
        (fresh, seq) for seq in range(1, hub.journal.head_position.seq + 1)
    ]
