"""Orders to a charger and their refusals; and a charger that is late, deaf, or sends what is no OCPP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.model.charger import Capability, Status
from hub.model.errors import Unreachable
from hub.sdk.testing import until
from tests.integrations.ocpp.harness import SmallHub, bay
from tests.integrations.ocpp.scripted import Payload, sampled


async def refused(hub: SmallHub, name: str, **args: object) -> str:
    """Give an order that fails; the code of its error."""
    reply = await hub.order(name, charger="bay-1", **args)
    assert reply.error is not None
    return reply.error.code


async def test_what_it_can_do_is_known(hub: SmallHub) -> None:
    await hub.connected()
    assert hub.live().capabilities == set(Capability)


# orders


async def test_start_and_stop(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert (await hub.order("charger.start", charger="bay-1", token="CARD")).ok
    assert charger.all("RemoteStartTransaction") == [{"connectorId": 1, "idTag": "CARD"}]
    transaction = await charger.start(idTag="CARD")
    assert (await hub.order("charger.stop", charger="bay-1")).ok
    assert charger.all("RemoteStopTransaction") == [{"transactionId": transaction}]


async def test_reset_and_unlock(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert (await hub.order("charger.reset", charger="bay-1")).ok
    assert (await hub.order("charger.reset", charger="bay-1", hard=True)).ok
    assert charger.all("Reset") == [{"type": "Soft"}, {"type": "Hard"}]
    assert (await hub.order("charger.unlock", charger="bay-1")).ok
    assert charger.all("UnlockConnector") == [{"connectorId": 1}]


@pytest.mark.parametrize(
    ("order", "action", "answer", "code"),
    [
        ("charger.start", "RemoteStartTransaction", {"status": "Rejected"}, "refused"),
        ("charger.start", "RemoteStartTransaction", {"CALLERROR": "InternalError"}, "refused"),
        ("charger.start", "RemoteStartTransaction", {"CALLERROR": "NotSupported"}, "unsupported"),
        ("charger.start", "RemoteStartTransaction", None, "unreachable"),
        ("charger.reset", "Reset", {"status": "Rejected"}, "refused"),
        ("charger.reset", "Reset", {}, "refused"),
        ("charger.unlock", "UnlockConnector", {"status": "UnlockFailed"}, "refused"),
        ("charger.unlock", "UnlockConnector", {"status": "NotSupported"}, "unsupported"),
    ],
)
async def test_orders_that_are_refused(
    hub: SmallHub, order: str, action: str, answer: Payload | None, code: str
) -> None:
    charger = await hub.connected()
    charger.answers[action] = answer
    assert await refused(hub, order) == code


async def test_nothing_runs_that_could_be_stopped(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert await refused(hub, "charger.stop") == "refused"
    assert charger.all("RemoteStopTransaction") == []


async def test_a_stop_that_the_charger_rejects(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.start()
    charger.answers["RemoteStopTransaction"] = {"status": "Rejected"}
    assert await refused(hub, "charger.stop") == "refused"
    assert hub.live().session is not None


async def test_no_cable_is_unlocked_while_a_charge_runs(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.start()
    assert await refused(hub, "charger.unlock") == "refused"
    assert charger.all("UnlockConnector") == []


# messages


async def test_readings_reach_the_lines_of_the_site(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.amps(10, 9.5, 9)
    assert hub.live().line_a == (10, 9.5, 9)
    await charger.meter(sampled("Power.Active.Import", 6.5, unit="kW"))
    reading = hub.live().reading
    assert reading is not None
    assert (reading.power_w, reading.current_a) == (6500, (10, 9.5, 9))


async def test_everybody_may_charge(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert (await charger.say("Authorize", {"idTag": "X"}))[2] == {"idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("DataTransfer", {"vendorId": "Acme"}, {"status": "UnknownVendorId"}),
        ("FirmwareStatusNotification", {"status": "Idle"}, {}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}, {}),
        ("SecurityEventNotification", {"type": "Tamper", "timestamp": "2026-01-01T00:00:00Z"}, {}),
    ],
)
async def test_messages_that_change_nothing(hub: SmallHub, action: str, payload: Payload, answer: Payload) -> None:
    charger = await hub.connected()
    assert (await charger.say(action, payload))[2] == answer


@pytest.mark.parametrize(("action", "code"), [("SignCertificate", "NotSupported"), ("Sing", "NotImplemented")])
async def test_messages_that_are_not_taken(hub: SmallHub, action: str, code: str) -> None:
    charger = await hub.connected()
    assert (await charger.say(action, {"csr": "x"}))[:3:2] == [4, code]


# calls that cross, come late or never


async def test_q10_a_late_answer_is_not_taken_for_another(hub: SmallHub) -> None:
    charger = await hub.connected()
    charger.answers["Reset"] = None
    assert await refused(hub, "charger.reset") == "unreachable"
    late = charger.ids["Reset"]
    charger.answers["UnlockConnector"] = None
    unlocking = asyncio.create_task(hub.order("charger.unlock", charger="bay-1"))
    await until(lambda: charger.all("UnlockConnector"))
    await charger.send(json.dumps([3, late, {"status": "Accepted"}]))
    await charger.send(json.dumps([3, charger.ids["UnlockConnector"], {"status": "Unlocked"}]))
    assert (await unlocking).ok


async def test_q11_a_charger_that_has_grown_deaf_is_hung_up_on(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert await hub.limit(10) == 10
    charger.answers = {}
    for amps in (11, 12, 13):
        assert (await charger.say("Heartbeat", {}))[0] == 3
        with pytest.raises(Unreachable):
            await hub.limit(amps)
    await until(lambda: charger.closed)


async def test_q11_one_that_never_heard_anything_is_not(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers = {}
    await hub.connected(charger)
    for amps in (11, 12, 13, 14):
        with pytest.raises(Unreachable):
            await hub.limit(amps)
    assert (await charger.say("Heartbeat", {}))[0] == 3


async def test_q14_calls_of_both_sides_at_once(hub: SmallHub) -> None:
    charger = await hub.connected()

    async def talk(number: int) -> None:
        assert (await charger.say("Heartbeat", {}))[0] == 3
        await charger.amps(number, 0, 0)

    limits = [hub.limit(amps) for amps in range(6, 16)]
    held, *_ = await asyncio.gather(asyncio.gather(*limits), *(talk(n) for n in range(10)))
    assert held == list(range(6, 16))


async def test_q14_the_hub_asks_while_its_own_answer_is_due(hub: SmallHub) -> None:
    """The charger answers nothing until its own call is answered, and sends that in the middle of ours."""
    charger = await hub.connected()
    charger.answers["Reset"] = None
    order = asyncio.create_task(hub.order("charger.reset", charger="bay-1"))
    await until(lambda: charger.all("Reset"))
    await charger.status("Preparing")
    await charger.send(json.dumps([3, charger.ids["Reset"], {"status": "Accepted"}]))
    assert (await order).ok


# what is no OCPP


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "hello",
        "null",
        "[]",
        '[2,"x"',
        '{"a": 1}',
        '[9,"x","Heartbeat",{}]',
        '[2,"x"]',
        '[2,"x",5,{}]',
        '[3,"nobody asked",{}]',
        '[4,"x"]',
        '[4,"x","FormationViolation"]',
        '[4,"x","OccurenceConstraintViolation","text"]',
        '[4,"x","Unheard","text",{},7]',
        b"\xff\xfe\x00",
        "[" * 5000,
        '[2,"x","Heartbeat",{' + '"a":{' * 3000,
    ],
    ids=range(17),
)
async def test_q15_whatever_comes_the_line_stays_open(hub: SmallHub, raw: str | bytes) -> None:
    charger = await hub.connected()
    await charger.send(raw)
    assert (await charger.say("Heartbeat", {}))[0] == 3


async def test_q15_a_flood_of_nonsense_is_one_line_in_the_log(hub: SmallHub, caplog: pytest.LogCaptureFixture) -> None:
    charger = await hub.connected()
    for number in range(50):
        await charger.send(f"nonsense {number}")
    assert (await charger.say("Heartbeat", {}))[0] == 3
    assert caplog.text.count("not an OCPP frame") == 1


async def test_q15_a_binary_frame_is_read(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.send(b'[2,"b1","Heartbeat",{}]')
    assert (await charger.reply_to("b1"))[0] == 3


async def test_q15_broken_utf8_does_not_end_the_connection(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert charger.socket is not None
    raw = b'[2,"u1","StatusNotification",{"connectorId":1,"status":"Charging","info":"T\xfcr"}]'
    await charger.socket.send_frame(raw, 1)  # type: ignore[arg-type]
    assert (await charger.reply_to("u1"))[0] == 3
    assert hub.live().status is Status.CHARGING


async def test_q15_a_frame_of_almost_a_mebibyte(hub: SmallHub) -> None:
    charger = await hub.connected()
    frame = '[2,"big","DataTransfer",{"vendorId":"V","data":"%s"}]'
    await charger.send(frame % ("x" * (2**20 - len(frame))))
    assert (await charger.reply_to("big"))[0] == 3


async def test_q15_a_frame_that_is_longer_ends_the_connection_and_no_other(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, station="CP2"))
    charger, other = hub.charger(), hub.charger("CP2")
    for one in (charger, other):
        await one.dial()
        await one.boot()
    await charger.send("x" * (2**20 + 1))
    await until(lambda: charger.closed)
    assert charger.socket is not None
    assert charger.socket.close_code == 1009
    assert (await other.say("Heartbeat", {}))[0] == 3


@pytest.mark.parametrize(
    "said",
    [
        {"chargePointVendor": "V" * 300, "chargePointModel": "M"},
        {"chargePointVendor": "V", "chargePointModel": "M", "colour": "red", "deep": {"er": [1, 2]}},
        {"chargePointVendor": "V", "chargePointModel": "M", "iccid": None, "imsi": None},
        {"chargePointVendor": 17, "chargePointModel": None},
        {},
    ],
)
async def test_q16_a_boot_that_the_schema_refuses(hub: SmallHub, said: Payload) -> None:
    await hub.draw(bay(1))
    charger = hub.charger()
    await charger.dial()
    assert (await charger.say("BootNotification", said))[2]["status"] == "Accepted"
    await hub.online()


async def test_q16_unknown_words_and_numbers_as_texts(hub: SmallHub, caplog: pytest.LogCaptureFixture) -> None:
    charger = await hub.connected()
    for _ in range(2):
        said = {"connectorId": "1", "errorCode": "Weird", "status": "Snoozing", "info": "i" * 200}
        assert (await charger.say("StatusNotification", said))[0] == 3
    assert hub.live().status is None
    fault = hub.live().fault
    assert fault is not None
    assert fault.code == "Weird"
    value: Any = {"timestamp": "now", "sampledValue": [{"value": 7.5, "measurand": "Current.Import"}]}
    assert (await charger.say("MeterValues", {"connectorId": "1", "meterValue": value}))[0] == 3
    assert hub.live().line_a == (7.5, 7.5, 7.5)
    start = {"connectorId": "1", "idTag": 123, "meterStart": "1000.7", "timestamp": 5}
    assert (await charger.say("StartTransaction", start))[2]["transactionId"] > 0
    session = hub.live().session
    assert session is not None
    assert (session.token, session.start_wh) == ("123", 1000)


@pytest.mark.parametrize("answer", [{"status": 7}, {"status": None}, {"extra": 1}])
async def test_q16_answers_that_the_schema_refuses(hub: SmallHub, answer: Payload) -> None:
    charger = await hub.connected()
    charger.answers["Reset"] = answer
    assert await refused(hub, "charger.reset") == "refused"
