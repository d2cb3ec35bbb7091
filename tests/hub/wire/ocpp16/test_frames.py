"""The envelope: what is a frame, what is not and which id can still be answered (Q15)."""

import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.wire.ocpp16 import (
    MAX_BYTES,
    BadFrame,
    Call,
    Error,
    Result,
    decode_frame,
    encode_call,
    encode_error,
    encode_result,
    lenient,
)

DEEP = "[" * 100_000


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[2,"7","Heartbeat",{}]', Call("7", "Heartbeat", raw("{}"))),
        (' [ 2 , "7" , "Reset" , {"type":"Hard"} ] ', Call("7", "Reset", raw('{"type":"Hard"}'))),
        ('[2,"7","Heartbeat"]', Call("7", "Heartbeat", raw("{}"))),  # the empty payload left out
        ('[2,"7","Heartbeat",{},"more"]', Call("7", "Heartbeat", raw("{}"))),
        ('["2","7","Heartbeat",{}]', Call("7", "Heartbeat", raw("{}"))),
        ('[2,7,"Heartbeat",{}]', Call(7, "Heartbeat", raw("{}"))),  # the number goes back as a number
        ('[3,"7",{"currentTime":"x"}]', Result("7", raw('{"currentTime":"x"}'))),
        ('[3,"7"]', Result("7", raw("{}"))),
        ('[4,"7"]', Error("7", "", "", raw("{}"))),
        ('[4,"7","NotSupported"]', Error("7", "NotSupported", "", raw("{}"))),
        ('[4,"7","FormationViolation","no"]', Error("7", "FormationViolation", "no", raw("{}"))),
        ('[4,"7","Whatever","no",{"a":1}]', Error("7", "Whatever", "no", raw('{"a":1}'))),
        ('[4,"7",500,null,"text"]', Error("7", "500", "null", raw('"text"'))),
    ],
)
def test_a_frame_is_taken_apart(text: str, frame: Call | Result | Error) -> None:
    assert decode_frame(text) == frame
    assert decode_frame(text.encode()) == frame


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        ('[2,"7","DataTransfer",{"data":"two\nlines"}]', {"data": "two\nlines"}),
        ('[2,"7","DataTransfer",{"limit":NaN}]', {"limit": None}),
        ('[2,"7","DataTransfer",{"limit":-Infinity,"n":' + "9" * 5000 + "}]", {"limit": None, "n": None}),
        ('[2,"7","DataTransfer",{"data":"\ud800"}]', {"data": "?"}),
        ('\ufeff[2,"7","DataTransfer",{}]\0\n', {}),
        (b'[2,"7","DataTransfer",{"data":"\xe4\x01"}]', {"data": "\ufffd\x01"}),
    ],
)
def test_what_is_nearly_json_is_repaired(data: str | bytes, payload: object) -> None:
    frame = decode_frame(data)
    assert isinstance(frame, Call)
    assert frame.repaired
    assert json.loads(bytes(frame.payload)) == payload


@pytest.mark.parametrize(
    ("data", "message_type", "unique_id"),
    [
        ("", None, None),
        ("hello", None, None),
        ("null", None, None),
        ("[]", None, None),
        ("[2]", 2, None),
        ('{"2":"7"}', None, None),
        ('[2,"7"]', 2, "7"),  # no action
        ('[2,"7",{}]', 2, "7"),
        ('[2,"7",5,{}]', 2, "7"),
        ('[2,null,"Heartbeat",{}]', 2, None),
        ('[2,{},"Heartbeat",{}]', 2, None),
        ('[2,1.5,"Heartbeat",{}]', 2, None),
        ('[1,"7","Heartbeat",{}]', 1, "7"),
        ('[5,"7","Heartbeat",{}]', 5, "7"),
        ('[true,"7","Heartbeat",{}]', None, "7"),
        ('[2,"7","Heartb', 2, "7"),  # cut off
        ('[2,"7","DataTransfer",{"data":"', 2, "7"),
        ('[2, 7 ,"DataTransfer",{"data":"', 2, 7),
        ('[2,"\\ud800","Heartb', 2, None),
        ('[3,"7",{"status"', 3, "7"),
        ('[2,"7","DataTransfer",' + DEEP, 2, "7"),
        ('[2,"7","DataTransfer",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]", 2, "7"),
        (DEEP, None, None),
        (b"\x00\xff\xfe binary", None, None),
        (b'[2,"7",\xff', 2, "7"),
    ],
)
def test_what_is_no_frame_is_told_with_the_best_id(
    data: str | bytes, message_type: int | None, unique_id: str | int | None
) -> None:
    with pytest.raises(BadFrame) as bad:
        decode_frame(data)
    assert (bad.value.message_type, bad.value.unique_id) == (message_type, unique_id)


def sized(total: int, fill: str = "x") -> str:
    head, tail = '[2,"7","DataTransfer",{"data":"', '"}]'
    return head + fill * ((total - len(head) - len(tail)) // len(fill.encode())) + tail


@pytest.mark.parametrize("fill", ["x", "€"])
def test_a_frame_of_one_mebibyte_is_taken_and_no_longer_one(fill: str) -> None:
    assert isinstance(decode_frame(sized(MAX_BYTES, fill)), Call)
    for long in (sized(MAX_BYTES + 3, fill), sized(MAX_BYTES + 3, fill).encode()):
        with pytest.raises(BadFrame, match="longer") as bad:
            decode_frame(long)
        assert bad.value.unique_id == "7"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FRAMES = st.tuples(st.sampled_from([2, 3, 4, "2", 0]) | JSON, st.just("7") | JSON, JSON, JSON).map(list)


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.text() | JSON.map(json.dumps) | FRAMES.map(json.dumps))
@example('[2,"\ud800"]')
@example("[2," + "9" * 5000 + ',"A",{}]')
@example('[2,"7","A",' + "9" * 5000 + "]")
@example('[2,"7","A",1e999]')
def test_nothing_but_bad_frame_is_raised(data: str | bytes) -> None:
    try:
        frame = decode_frame(data)
    except BadFrame:
        return
    assert isinstance(frame, Call | Result | Error)


@given(st.text(min_size=1).flatmap(lambda text: st.tuples(st.just(text), st.integers(0, len(text)))))
def test_a_frame_cut_anywhere_raises_nothing_else(cut: tuple[str, int]) -> None:
    text, at = cut
    whole = json.dumps([2, "7", "DataTransfer", {"vendorId": text}])
    try:
        frame = decode_frame(whole[: at * len(whole) // len(text)])
    except BadFrame:
        return
    assert frame.id == "7"


def test_frames_are_written() -> None:
    assert encode_call("7", "Reset", lenient.Reset(type="Hard")) == b'[2,"7","Reset",{"type":"Hard"}]'
    assert encode_call("7", "Reset", raw('{"as":"it came"}')) == b'[2,"7","Reset",{"as":"it came"}]'
    assert encode_result(7, lenient.MeterValuesResponse()) == b"[3,7,{}]"
    assert encode_error("7", "NotImplemented") == b'[4,"7","NotImplemented","",{}]'
    assert encode_error("7", "GenericError", "no", {"a": 1}) == b'[4,"7","GenericError","no",{"a":1}]'


def test_a_description_is_cut_and_cleaned() -> None:
    frame = json.loads(encode_error("7", "GenericError", "\ud800" + "x" * 1000))
    assert frame[3] == "?" + "x" * 254
