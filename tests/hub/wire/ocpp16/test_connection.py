"""A connection against a peer that the test plays, and against another connection."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.wire.ocpp16 import (
    CallFailed,
    CallTimeout,
    Congested,
    Connection,
    ConnectionLost,
    OcppError,
    Terms,
    lenient,
    strict,
)
from hub.wire.ocpp16.noticing import MAX_KINDS
from tests.hub.wire.ocpp16.peers import Script, heartbeat, joined, until

TIME = "2026-01-01T00:00:00Z"
NO_CALLS = Terms(grace_s=0.05)


# -- incoming calls


async def test_a_call_is_answered() -> None:
    peer = Script()
    await peer.say(2, "a", "Heartbeat", {})
    assert await peer.heard(1) == [[3, "a", {"currentTime": TIME}]]
    await peer.say(2, 17, "Heartbeat", {})
    assert (await peer.heard(2))[1][:2] == [3, 17]  # a number comes back as a number


async def test_the_handler_gets_the_action_and_the_struct() -> None:
    seen: list[tuple[str, msgspec.Struct]] = []

    async def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        seen.append((action, request))
        return lenient.StatusNotificationResponse()

    peer = Script(handle)
    await peer.say(2, "a", "StatusNotification", {"connectorId": "1", "status": "Dreaming"})
    assert await peer.heard(1) == [[3, "a", {}]]
    assert seen == [("StatusNotification", lenient.StatusNotification(connector_id=1, status="Dreaming"))]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([2, "a", "MakeCoffee", {}], "NotImplemented"),
        ([2, "a", "Heartbeat", 5], "FormationViolation"),
        ([2, "a", "Heartbeat", "text"], "FormationViolation"),
        ([2, "a", 5, {}], "FormationViolation"),
        ([2, "a"], "FormationViolation"),
    ],
)
async def test_what_cannot_be_handled_is_refused(frame: list[object], code: str) -> None:
    peer = Script()
    await peer.say(*frame)
    (answer,) = await peer.heard(1)
    assert answer[:3] == [4, "a", code]
    assert len(peer.told.odd) + len(peer.told.bad) == 1
    assert peer.told.failed == []


async def test_a_handler_may_refuse() -> None:
    async def refuse(action: str, _: msgspec.Struct) -> msgspec.Struct:
        raise OcppError("SecurityError", f"no {action}", {"why": "unknown"})

    peer = Script(refuse)
    await peer.say(2, "a", "Heartbeat", {})
    assert await peer.heard(1) == [[4, "a", "SecurityError", "no Heartbeat", {"why": "unknown"}]]
    assert peer.told.failed == []


async def test_a_handler_that_breaks_is_told_and_answered_for() -> None:
    async def stumble(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        if isinstance(request, lenient.Authorize):
            raise ZeroDivisionError("ours")
        return await heartbeat("Heartbeat", request)

    peer = Script(stumble)
    await peer.say(2, "a", "Authorize", {"idTag": "X"})
    await peer.say(2, "b", "Heartbeat", {})
    await peer.heard(2)
    by_id = {frame[1]: frame for frame in peer.sent}
    assert by_id["a"][:3] == [4, "a", "InternalError"]
    assert "ours" not in json.dumps(by_id["a"])  # our faults are not the peer's business
    assert by_id["b"][0] == 3
    assert [type(error) for error in peer.told.failed] == [ZeroDivisionError]


async def test_an_unwritable_answer_is_a_fault_of_ours() -> None:
    async def half_a_surrogate(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        return lenient.HeartbeatResponse(current_time="\ud800")

    peer = Script(half_a_surrogate)
    await peer.say(2, "a", "Heartbeat", {})
    assert (await peer.heard(1))[0][:3] == [4, "a", "InternalError"]
    assert [type(error) for error in peer.told.failed] == [UnicodeEncodeError]


async def test_without_a_listening_owner_the_loop_is_told() -> None:
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))

    async def stumble(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        raise ZeroDivisionError

    sent: asyncio.Queue[str] = asyncio.Queue()
    connection = Connection(sent.put, stumble)
    await connection.received('[2,"a","Heartbeat",{}]')
    assert "InternalError" in await sent.get()
    assert isinstance(contexts[0]["exception"], ZeroDivisionError)


async def test_a_handler_that_is_cancelled_is_answered_for() -> None:
    async def give_up(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        raise asyncio.CancelledError

    peer = Script(give_up)
    await peer.say(2, "a", "Heartbeat", {})
    assert (await peer.heard(1))[0][:3] == [4, "a", "InternalError"]
    assert peer.told.failed == []


async def test_calls_are_handled_in_order() -> None:
    started: list[str | None] = []
    gates = {"1": asyncio.Event(), "2": asyncio.Event(), "3": asyncio.Event()}

    async def slow(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        assert isinstance(request, lenient.Authorize)
        started.append(request.id_tag)
        await gates[request.id_tag or ""].wait()
        return lenient.AuthorizeResponse()

    peer = Script(slow)
    for tag in ("1", "2", "3"):
        await peer.say(2, tag, "Authorize", {"idTag": tag})
    gates["3"].set()
    gates["2"].set()
    await asyncio.sleep(0.01)
    assert started == ["1"]
    gates["1"].set()
    assert [frame[1] for frame in await peer.heard(3)] == ["1", "2", "3"]


async def test_a_peer_that_floods_is_told_so() -> None:
    gate = asyncio.Event()

    async def slow(action: str, request: msgspec.Struct) -> msgspec.Struct:
        await gate.wait()
        return await heartbeat(action, request)

    peer = Script(slow, Terms(most_arrived=2))
    for number in range(5):
        await peer.say(2, str(number), "Heartbeat", {})
    assert [frame[:3] for frame in peer.sent] == [[4, "3", "GenericError"], [4, "4", "GenericError"]]
    gate.set()
    await until(lambda: [frame[1] for frame in peer.sent[2:]] == ["0", "1", "2"])


async def test_strict_terms_refuse_what_the_schema_refuses() -> None:
    kinds: list[type] = []

    async def handle(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        kinds.append(type(request))
        return strict.ResetResponse(status="Accepted")

    peer = Script(handle, Terms(strict=True))
    await peer.say(2, "a", "Reset", {"type": "Gentle"})
    await peer.say(2, "b", "Reset", {"type": "Soft"})
    answers = await peer.heard(2)
    assert answers[0][:3] == [4, "a", "FormationViolation"]
    assert answers[1] == [3, "b", {"status": "Accepted"}]
    assert kinds == [strict.Reset]


# -- a handler that has its answer at once


def ready(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
    return lenient.HeartbeatResponse(current_time=TIME)


async def test_an_answer_that_is_there_at_once_is_sent_before_the_next_frame_is_read() -> None:
    peer = Script(ready)
    await peer.say(2, "a", "Heartbeat", {})
    assert peer.sent == [[3, "a", {"currentTime": TIME}]]


async def test_a_handler_that_breaks_at_once_is_told_and_answered_for() -> None:
    def stumble(action: str, request: msgspec.Struct) -> msgspec.Struct:
        if isinstance(request, lenient.Authorize):
            raise ZeroDivisionError("ours")
        if isinstance(request, lenient.StatusNotification):
            raise OcppError("SecurityError", "no")
        return lenient.HeartbeatResponse(current_time="\ud800" if isinstance(request, lenient.DataTransfer) else TIME)

    peer = Script(stumble)
    for action in ("Authorize", "StatusNotification", "DataTransfer", "Heartbeat"):
        await peer.say(2, action, action, {})
    by_id = {frame[1]: frame for frame in await peer.heard(4)}
    assert {id: frame[2] for id, frame in by_id.items() if frame[0] == 4} == {
        "Authorize": "InternalError",
        "StatusNotification": "SecurityError",
        "DataTransfer": "InternalError",
    }
    assert by_id["Heartbeat"][0] == 3
    assert [type(error) for error in peer.told.failed] == [ZeroDivisionError, UnicodeEncodeError]


async def test_effects_of_an_answer_at_once_come_after_it() -> None:
    def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        peer.connection.after_reply(ask)
        if isinstance(request, lenient.Authorize):
            raise OcppError("SecurityError")
        return ready(action, request)

    async def ask() -> None:
        await peer.connection.call(lenient.ClearCache())

    peer = Script(handle)
    await peer.say(2, "refused", "Authorize", {})
    await peer.say(2, "a", "Heartbeat", {})
    frames = await peer.heard(3)
    assert [frame[:2] for frame in frames[:2]] == [[4, "refused"], [3, "a"]]
    assert frames[2][2] == "ClearCache"
    await peer.connection.close()
    with pytest.raises(RuntimeError, match="handler"):
        peer.connection.after_reply(ask)


async def test_answers_at_once_wait_for_those_before_them() -> None:
    gate = asyncio.Event()

    async def slow() -> msgspec.Struct:
        await gate.wait()
        return lenient.AuthorizeResponse()

    def handle(action: str, request: msgspec.Struct) -> msgspec.Struct | Coroutine[object, object, msgspec.Struct]:
        return slow() if isinstance(request, lenient.Authorize) else ready(action, request)

    peer = Script(handle)
    await peer.say(2, "a", "Authorize", {})
    await peer.say(2, "b", "Heartbeat", {})
    await peer.say(2, "c", "Heartbeat", {})
    assert peer.sent == []
    gate.set()
    assert [frame[1] for frame in await peer.heard(3)] == ["a", "b", "c"]


async def test_an_answer_at_once_to_a_socket_that_is_gone_is_nobodys_fault() -> None:
    peer = Script(ready)
    peer.broken = ConnectionResetError("gone")
    await peer.say(2, "a", "Heartbeat", {})
    await peer.connection.close()
    assert peer.told.failed == []


# -- after the reply


async def test_side_effects_come_after_the_reply() -> None:
    async def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        peer.connection.after_reply(ask)
        return await heartbeat(action, request)

    async def ask() -> None:
        await peer.connection.call(lenient.ClearCache())

    peer = Script(handle)
    await peer.say(2, "a", "Heartbeat", {})
    reply, question = await peer.heard(2)
    assert reply[:2] == [3, "a"]
    assert question[2] == "ClearCache"
    await peer.connection.close()


async def test_side_effects_do_not_hold_up_the_next_call() -> None:
    arrived = asyncio.Event()

    async def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        if isinstance(request, lenient.StatusNotification):
            arrived.set()
        else:
            peer.connection.after_reply(wait_for_the_status)
        return await heartbeat(action, request)

    async def wait_for_the_status() -> None:
        await arrived.wait()
        await peer.connection.call(lenient.ClearCache())

    peer = Script(handle)
    await peer.say(2, "a", "Heartbeat", {})
    await peer.say(2, "b", "StatusNotification", {})
    assert [frame[:3] for frame in (await peer.heard(3))][2][2] == "ClearCache"
    await peer.connection.close()


async def test_side_effects_of_a_refused_call_are_dropped() -> None:
    done: list[str] = []

    async def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        async def note() -> None:
            done.append(action)

        peer.connection.after_reply(note)
        if isinstance(request, lenient.Authorize):
            raise OcppError("SecurityError")
        return await heartbeat(action, request)

    peer = Script(handle)
    await peer.say(2, "a", "Authorize", {})
    await peer.say(2, "b", "Heartbeat", {})
    await until(lambda: done != [])
    assert done == ["Heartbeat"]


async def test_a_side_effect_that_breaks_is_told() -> None:
    async def handle(action: str, request: msgspec.Struct) -> msgspec.Struct:
        peer.connection.after_reply(stumble)
        return await heartbeat(action, request)

    async def stumble() -> None:
        raise ZeroDivisionError

    peer = Script(handle)
    await peer.say(2, "a", "Heartbeat", {})
    await until(lambda: peer.told.failed != [])
    assert [type(error) for error in peer.told.failed] == [ZeroDivisionError]
    assert [frame[0] for frame in peer.sent] == [3]


async def test_after_reply_is_for_handlers() -> None:
    with pytest.raises(RuntimeError, match="handler"):
        Script().connection.after_reply(asyncio.Event().wait)  # type: ignore[arg-type]


# -- outgoing calls


async def test_a_call_returns_the_typed_answer() -> None:
    peer = Script()
    call = asyncio.create_task(peer.connection.call(lenient.Reset(type="Soft")))
    (question,) = await peer.heard(1)
    assert question == [2, question[1], "Reset", {"type": "Soft"}]
    await peer.say(3, question[1], {"status": "Accepted", "vendor": 1})
    assert await call == lenient.ResetResponse(status="Accepted")


async def test_an_answer_is_of_the_family_of_the_question() -> None:
    peer = Script()
    call = asyncio.create_task(peer.connection.call(strict.Reset(type="Soft")))
    await peer.say(3, (await peer.heard(1))[0][1], {"status": "Accepted"})
    assert await call == strict.ResetResponse(status="Accepted")
    call = asyncio.create_task(peer.connection.call(strict.Reset(type="Soft")))
    await peer.say(3, (await peer.heard(2))[1][1], {"status": "Maybe"})
    with pytest.raises(CallFailed, match="FormationViolation"):
        await call


async def test_an_odd_answer_is_salvaged_and_told_once() -> None:
    peer = Script()
    for count in (1, 2):
        call = asyncio.create_task(peer.connection.call(lenient.GetLocalListVersion()))
        await peer.say(3, (await peer.heard(count))[-1][1], {"listVersion": "many"})
        assert await call == lenient.GetLocalListVersionResponse()
    assert [told[:2] for told in peer.told.odd] == [("GetLocalListVersionResponse", "$.listVersion")]


@pytest.mark.parametrize(
    ("rest", "code", "description", "details"),
    [
        ([], "", "", {}),
        (["NotSupported"], "NotSupported", "", {}),
        (["FormationViolation", "what?"], "FormationViolation", "what?", {}),
        (["Whatever", "no", {"a": 1}], "Whatever", "no", {"a": 1}),
        (["Whatever", None, "text"], "Whatever", "null", {"details": "text"}),
    ],
)
async def test_a_refused_call_fails(rest: list[object], code: str, description: str, details: dict[str, Any]) -> None:
    peer = Script()
    call = asyncio.create_task(peer.connection.call(lenient.ClearCache()))
    await peer.say(4, (await peer.heard(1))[0][1], *rest)
    with pytest.raises(CallFailed) as failed:
        await call
    assert (failed.value.code, failed.value.description, failed.value.details) == (code, description, details)


async def test_only_requests_can_be_asked() -> None:
    with pytest.raises(TypeError, match="no request"):
        await Script().connection.call(lenient.ResetResponse())  # type: ignore[arg-type]


async def test_one_call_at_a_time_in_the_order_of_asking() -> None:
    peer = Script()
    calls = [
        asyncio.create_task(peer.connection.call(lenient.RemoteStopTransaction(transaction_id=number)))
        for number in range(4)
    ]
    for number in range(4):
        await peer.heard(number + 1)
        await asyncio.sleep(0.005)
        assert [frame[3]["transactionId"] for frame in peer.sent] == list(range(number + 1))
        await peer.say(3, peer.sent[-1][1], {"status": "Accepted"})
    for call in calls:
        assert (await call).status == "Accepted"


async def test_a_late_answer_never_meets_the_next_call() -> None:
    peer = Script()
    with pytest.raises(CallTimeout, match="ClearCache"):
        await peer.connection.call(lenient.ClearCache(), timeout_s=0.01)
    call = asyncio.create_task(peer.connection.call(lenient.ClearCache()))
    late, fresh = (frame[1] for frame in await peer.heard(2))
    assert late != fresh
    await peer.say(3, late, {"status": "Rejected"})
    await peer.say(4, late, "GenericError")
    assert not call.done()
    await peer.say(3, fresh, {"status": "Accepted"})
    assert (await call).status == "Accepted"
    await peer.say(3, fresh, {"status": "Rejected"})  # and once more
    assert [told[2] for told in peer.told.odd] == ["an answer to no open call"]


async def test_a_call_that_times_out_lets_the_next_one_go() -> None:
    peer = Script()
    results = await asyncio.gather(
        *(peer.connection.call(lenient.ClearCache(), timeout_s=0.01) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [CallTimeout] * 3
    assert len(peer.sent) == 3


async def test_a_caller_may_give_up_in_line_and_on_the_wire() -> None:
    peer = Script()
    first, second, third = (asyncio.create_task(peer.connection.call(lenient.ClearCache())) for _ in range(3))
    await peer.heard(1)
    second.cancel()
    first.cancel()
    await until(lambda: len(peer.sent) == 2)
    await peer.say(3, peer.sent[1][1], {"status": "Accepted"})
    assert (await third).status == "Accepted"
    await asyncio.wait([first, second])
    assert first.cancelled()
    assert second.cancelled()


async def test_the_line_has_an_end() -> None:
    peer = Script(terms=Terms(most_waiting=2))
    calls = [asyncio.create_task(peer.connection.call(lenient.ClearCache())) for _ in range(2)]
    await peer.heard(1)
    with pytest.raises(Congested, match="not sent"):
        await peer.connection.call(lenient.ClearCache())
    await peer.connection.close()
    for call in calls:
        with pytest.raises(ConnectionLost):
            await call
    assert len(peer.sent) == 1


async def test_a_broken_answer_fails_its_call_at_once() -> None:
    peer = Script()
    call = asyncio.create_task(peer.connection.call(lenient.ClearCache()))
    (question,) = await peer.heard(1)
    await peer.connection.received(f'[3,"{question[1]}",{{"status":"Acc')
    with pytest.raises(CallFailed, match="FormationViolation"):
        await call


# -- frames that are none


@pytest.mark.parametrize("data", ["hello", "[2", b"\x00\x01", '[3,"x",{', "[9,9,9]", '[1,"a","Heartbeat",{}]'])
async def test_nonsense_is_told_and_not_answered(data: str | bytes) -> None:
    peer = Script()
    await peer.connection.received(data)
    assert len(peer.told.bad) == 1
    await peer.say(2, "a", "Heartbeat", {})
    assert [frame[1] for frame in await peer.heard(1)] == ["a"]


async def test_a_call_that_is_cut_off_is_refused() -> None:
    peer = Script()
    await peer.connection.received('[2,"a","DataTransfer",{"vendorId":"x"')
    assert peer.sent[0][:3] == [4, "a", "FormationViolation"]


async def test_a_binary_frame_is_as_good_as_text() -> None:
    peer = Script()
    await peer.connection.received(b'[2,"a","Heartbeat",{}]')
    assert (await peer.heard(1))[0][:2] == [3, "a"]


# -- what is told


async def test_each_oddity_is_told_once() -> None:
    async def thank(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        return lenient.MeterValuesResponse()

    peer = Script(thank)
    sample = {"value": 16.1, "unit": "Amps", "extra": 1}
    values = {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [sample, sample]}]}
    for number in range(30):
        await peer.say(2, str(number), "MeterValues", values)
        await peer.heard(number + 1)
    assert sorted((path.rpartition(".")[2], why.partition("'")[0]) for _, path, why in peer.told.odd) == [
        ("extra", "not in the schema"),
        ("unit", "Invalid enum value "),
        ("value", "float read as str"),
    ]


async def test_repaired_json_is_told() -> None:
    peer = Script()
    await peer.connection.received('[2,"a","Heartbeat",{}]\0')
    await peer.heard(1)
    assert peer.told.odd == [("Heartbeat", "$", "not quite JSON")]


async def test_a_hostile_peer_cannot_fill_the_log() -> None:
    peer = Script()
    for number in range(MAX_KINDS + 50):
        await peer.say(2, str(number), f"Act{number}" * 1000, {})
        await peer.heard(number + 1)
    assert len(peer.told.odd) == MAX_KINDS
    assert max(len(action) for action, _, _ in peer.told.odd) == 50


# -- the end


async def test_close_fails_all_calls() -> None:
    peer = Script()
    calls = [asyncio.create_task(peer.connection.call(lenient.ClearCache())) for _ in range(3)]
    await peer.heard(1)
    await peer.connection.close()
    await peer.connection.close()
    for call in calls:
        with pytest.raises(ConnectionLost):
            await call
    with pytest.raises(ConnectionLost, match="not sent"):
        await peer.connection.call(lenient.ClearCache())
    await peer.say(2, "a", "Heartbeat", {})
    await asyncio.sleep(0.005)
    assert len(peer.sent) == 1
    assert peer.connection.closed


async def test_close_lets_a_handler_finish_and_drops_what_waits() -> None:
    gate = asyncio.Event()
    kept: list[str] = []

    async def commit(action: str, request: msgspec.Struct) -> msgspec.Struct:
        await gate.wait()
        kept.append(action)
        return await heartbeat(action, request)

    peer = Script(commit)
    await peer.say(2, "a", "Heartbeat", {})
    await peer.say(2, "b", "Heartbeat", {})
    closing = asyncio.create_task(peer.connection.close())
    await asyncio.sleep(0.005)
    assert not closing.done()
    gate.set()
    await closing
    assert kept == ["Heartbeat"]
    assert peer.sent == []
    assert peer.told.failed == []


async def test_close_cancels_a_handler_that_goes_on_too_long() -> None:
    ended: list[str] = []

    async def hang(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
        raise AssertionError("unreachable")

    peer = Script(hang, NO_CALLS)
    await peer.say(2, "a", "Heartbeat", {})
    await asyncio.sleep(0.005)
    await peer.connection.close()
    assert ended == ["cancelled"]
    assert peer.told.failed == []


async def test_a_handler_whose_own_call_is_lost_ends_quietly() -> None:
    async def ask_back(action: str, request: msgspec.Struct) -> msgspec.Struct:
        await peer.connection.call(lenient.ClearCache())
        return await heartbeat(action, request)

    peer = Script(ask_back)
    await peer.say(2, "a", "Heartbeat", {})
    await peer.heard(1)
    await peer.connection.close()
    assert peer.told.failed == []
    assert peer.answers() == []


async def test_a_handler_may_close_its_own_connection() -> None:
    async def leave(action: str, request: msgspec.Struct) -> msgspec.Struct:
        await peer.connection.close()
        return await heartbeat(action, request)

    peer = Script(leave)
    await peer.say(2, "a", "Heartbeat", {})
    await until(lambda: peer.connection.closed)
    await peer.connection.close()
    assert peer.sent == []
    assert peer.told.failed == []


async def test_a_socket_that_is_gone_fails_calls_and_spares_the_log() -> None:
    peer = Script()
    peer.broken = ConnectionResetError("gone")
    with pytest.raises(ConnectionLost, match="gone"):
        await peer.connection.call(lenient.ClearCache())
    await peer.say(2, "a", "Heartbeat", {})
    await peer.say(2, "b", "MakeCoffee", {})
    await peer.connection.received('[2,"c"]')
    await peer.connection.close()
    assert peer.told.failed == []


# -- two connections


async def test_both_ends_ask_inside_their_handlers() -> None:
    """Boot → (in the handler) GetConfiguration → (in its handler) Heartbeat: three deep, and nobody waits for ever."""

    async def csms(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        if isinstance(request, lenient.Heartbeat):
            return lenient.HeartbeatResponse(current_time=TIME)
        answer = await hub.call(lenient.GetConfiguration(key=["HeartbeatInterval"]))
        assert answer.unknown_key == [TIME]
        return lenient.BootNotificationResponse(status="Accepted", current_time=TIME, interval=60)

    async def charger(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        # our own call waits for the Boot that is still open: it goes out after it, in an effect
        station.after_reply(beat)
        return lenient.GetConfigurationResponse(unknown_key=[TIME])

    async def beat() -> None:
        beats.append(await station.call(lenient.Heartbeat()))

    beats: list[lenient.HeartbeatResponse] = []
    async with asyncio.timeout(5), joined(csms, charger) as (hub, station):
        boot = await station.call(lenient.BootNotification(charge_point_vendor="V", charge_point_model="M"))
        assert boot.status == "Accepted"
        await until(lambda: len(beats) == 1)
    assert beats[0].current_time == TIME


async def test_overlapping_calls_of_both_ends() -> None:
    async def csms(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        assert isinstance(request, lenient.Authorize)
        return lenient.AuthorizeResponse(id_tag_info=lenient.IdTagInfo(status="Accepted", parent_id_tag=request.id_tag))

    async def charger(_action: str, request: msgspec.Struct) -> msgspec.Struct:
        assert isinstance(request, lenient.DataTransfer)
        return lenient.DataTransferResponse(status="Accepted", data=request.data)

    async def authorise(number: int) -> str | None:
        answer = await station.call(lenient.Authorize(id_tag=str(number)))
        return answer.id_tag_info.parent_id_tag if answer.id_tag_info else None

    async def transfer(number: int) -> str | None:
        return (await hub.call(lenient.DataTransfer(vendor_id="V", data=str(number)))).data

    async with asyncio.timeout(5), joined(csms, charger) as (hub, station):
        both = await asyncio.gather(*(ask(number) for number in range(25) for ask in (authorise, transfer)))
    assert both == [str(number) for number in range(25) for _ in range(2)]


IDS = st.sampled_from(["a", "b"]) | st.integers(0, 3) | st.none()
PAYLOADS = (
    st.none() | st.integers() | st.text() | st.dictionaries(st.sampled_from(["idTag", "x"]), st.text() | st.none())
)
FRAMES = st.lists(
    st.binary(max_size=20)
    | st.text(max_size=20)
    | st.tuples(
        st.sampled_from([2, 3, 4, 5]), IDS, st.sampled_from(["Heartbeat", "Authorize", "Nope", 5]) | PAYLOADS, PAYLOADS
    ).map(json.dumps),
    max_size=15,
)


@settings(max_examples=100, deadline=None)
@given(FRAMES)
def test_no_sequence_of_frames_breaks_a_connection(frames: list[str | bytes]) -> None:
    async def go() -> None:
        peer = Script(handle)
        for frame in frames:
            await peer.connection.received(frame)
        await peer.say(2, "last", "Heartbeat", {})
        await until(lambda: peer.sent != [] and peer.sent[-1][1] == "last")
        assert peer.told.failed == []
        await peer.connection.close()

    async def handle(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
        return lenient.HeartbeatResponse()

    asyncio.run(go())
