"""Who may come in: the claim, logins, tokens, other sites' pages, guessers; and the book of what was ordered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.access.service import TIDY_S
from hub.core.orders import Caller, Envelope
from hub.model.errors import NotKept
from hub.model.person import Role
from hub.web.doors import CSRF
from tests.hub.access.desk import BOX, PASSWORD, Desk, desk

DAY = 86_400.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def hub(where: Path | str) -> AsyncIterator[Desk]:
    async with desk(where) as running:
        yield running


# the claim


async def test_who_types_the_code_owns_the_hub(hub: Desk) -> None:
    code = hub.access.claim_code
    assert code is not None
    async with hub.browser() as olga:
        assert await olga.get("claim") == (200, {"claimable": True})
        status, said = await olga.claim(code.upper().replace("-", " "))
        assert (status, said["name"], said["roles"]) == (200, "olga", ["installer", "owner"])
        assert (await olga.get("me"))[1]["name"] == "olga"
        assert await olga.get("claim") == (200, {"claimable": False})
    async with hub.browser() as other:
        status, said = await other.claim(code)
        assert (status, said["error"]["code"]) == (409, "refused")


async def test_a_restart_does_not_change_the_code(tmp_path: Path) -> None:
    async with desk(tmp_path) as first:
        code = first.access.claim_code
    async with desk(tmp_path) as second:
        assert second.access.claim_code == code
        async with second.browser() as olga:
            await olga.claim(code)
    async with desk(tmp_path) as third:
        assert third.access.claim_code is None


async def test_somebody_who_only_looks_does_not_take_the_claim_away(hub: Desk) -> None:
    await hub.order("user.add", name="vera", roles="viewer")
    assert hub.access.claim_code is not None
    await hub.order("user.role", name="vera", roles="support")
    await hub.order("user.remove", name="vera")
    await hub.order("user.add", name="olga", roles="owner")
    assert hub.access.claim_code is None


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "x" * 501])
async def test_a_password_that_is_none_is_refused_and_the_code_still_counts(hub: Desk, password: str) -> None:
    async with hub.browser() as olga:
        said = {"code": hub.access.claim_code, "name": "olga", "password": password}
        status, why = await olga.post("claim", said)
        assert (status, why["error"]["code"]) == (400, "invalid")
        assert (await olga.claim(hub.access.claim_code))[0] == 200


# logins


async def test_in_and_out(hub: Desk) -> None:
    async with hub.browser() as olga:
        await olga.claim(hub.access.claim_code)
        await olga.post("logout")
        assert (await olga.get("me"))[0] == 401
        status, said = await olga.login("OLGA")
        assert (status, said["roles"]) == (200, ["installer", "owner"])
        assert (await olga.post("steer"))[1] == {"who": "olga", "via": "page", "roles": ["installer", "owner"]}


async def test_a_login_survives_a_restart_and_ends_when_nobody_uses_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as first:
        olga = first.browser()
        await olga.claim(first.access.claim_code)
    async with desk(tmp_path) as second:
        olga.address = second.web.address
        assert (await olga.get("me"))[0] == 200
        for _ in range(3):
            await second.clock.advance(6 * DAY)
            assert (await olga.get("me"))[0] == 200
        await second.clock.advance(7.5 * DAY)
        assert (await olga.get("me"))[0] == 401
    await olga.session.close()


async def test_no_login_is_for_ever(hub: Desk) -> None:
    async with hub.browser() as olga:
        await olga.claim(hub.access.claim_code)
        for _ in range(6):
            await hub.clock.advance(5.5 * DAY)
            status, _ = await olga.get("me")
        assert status == 401


async def test_another_password_ends_every_other_login(hub: Desk) -> None:
    async with hub.browser() as here, hub.browser() as there:
        await here.claim(hub.access.claim_code)
        await there.login()
        assert (await here.post("password", {"old": "wrong" * 3, "new": "another horse, a battery"}))[0] == 403
        assert (await here.post("password", {"old": PASSWORD, "new": "another horse, a battery"}))[0] == 200
        assert (await here.get("me"))[0] == 200
        assert (await there.get("me"))[0] == 401
        assert (await there.login())[0] == 401


# pages of others


async def test_a_page_of_another_site_changes_nothing(hub: Desk) -> None:
    async with hub.browser() as olga:
        await olga.claim(hub.access.claim_code)
        own = {"Origin": hub.web.address}
        assert (await olga.post("steer", None, **own))[0] == 200
        assert (await olga.post("steer", None, Origin="https://evil.example"))[0] == 403
        olga.headers[CSRF] = "guessed"
        status, why = await olga.post("steer", None, **own)
        assert (status, why["error"]["next"]) == (403, "reload the page")
        del olga.headers[CSRF]
        assert (await olga.post("steer"))[0] == 403
        assert (await olga.get("look"))[0] == 200


async def test_a_form_is_no_json(hub: Desk) -> None:
    async with (
        hub.browser() as olga,
        olga.session.post(f"{olga.address}/api/v1/login", data={"name": "olga", "password": PASSWORD}) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"]["next"] == "send application/json"


async def test_scripts_do_not_see_the_cookie(hub: Desk) -> None:
    async with hub.browser() as olga:
        said = {"code": hub.access.claim_code, "name": "olga", "password": PASSWORD}
        async with olga.session.post(f"{olga.address}/api/v1/claim", json=said) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie  # without TLS no browser would send it back


# guessers


async def test_whoever_guesses_waits_longer_and_longer(hub: Desk) -> None:
    async with hub.browser() as olga, hub.browser() as guesser:
        await olga.claim(hub.access.claim_code)
        for _ in range(5):
            assert (await guesser.login("olga", "not this one"))[0] == 401
        status, why = await guesser.login("olga", PASSWORD)
        assert (status, why["error"]["code"]) == (429, "too_many")
        await hub.clock.advance(1.1)
        assert (await guesser.login("olga", "not this one"))[0] == 401
        await hub.clock.advance(1.1)
        assert (await guesser.login("olga", PASSWORD))[0] == 429
        await hub.clock.advance(1)
        assert (await guesser.login("olga", PASSWORD))[0] == 200
        assert (await guesser.login("olga", "not this one"))[0] == 401


async def test_a_name_that_is_not_there_sounds_the_same(hub: Desk) -> None:
    async with hub.browser() as olga:
        await olga.claim(hub.access.claim_code)
        assert (await olga.login("nobody"))[1] == (await olga.login("olga", "not this one"))[1]


async def test_codes_and_tokens_are_not_guessed_either(hub: Desk) -> None:
    async with hub.browser() as guesser:
        assert [(await guesser.claim("aaaa-aaaa"))[0] for _ in range(6)] == [403] * 5 + [429]
        bad = {"Authorization": "Bearer evhub_guess"}
        assert [(await guesser.get("look", **bad))[0] for _ in range(6)] == [401] * 5 + [429]


# people and tokens


async def test_each_role_may_what_it_may(hub: Desk) -> None:
    for role in Role:
        password = (await hub.order("user.add", name=f"a.{role}", roles=role.value))["password"]
        async with hub.browser() as somebody:
            assert (await somebody.login(f"a.{role}", password))[0] == 200
            assert (await somebody.get("look"))[0] == 200
            steers = role in {Role.OWNER, Role.OPERATOR, Role.INSTALLER}
            assert (await somebody.post("steer"))[0] == (200 if steers else 403)


async def test_what_somebody_is_counts_at_once(hub: Desk) -> None:
    password = (await hub.order("user.add", name="oscar", roles=["owner"]))["password"]
    await hub.order("user.add", name="vera", roles=["owner"])
    async with hub.browser() as oscar:
        await oscar.login("oscar", password)
        await hub.order("user.role", name="oscar", roles="viewer,support")
        assert (await oscar.get("me"))[1]["roles"] == ["support", "viewer"]
        assert (await oscar.post("steer"))[0] == 403
        await hub.order("user.remove", name="oscar")
        assert (await oscar.get("me"))[0] == 401


async def test_there_is_always_an_owner(hub: Desk) -> None:
    await hub.order("user.add", name="olga", roles="owner")
    assert await hub.refused("user.remove", name="olga") == ("refused", "make somebody else an owner first")
    assert await hub.refused("user.role", name="olga", roles="viewer") == (
        "refused",
        "make somebody else an owner first",
    )
    assert (await hub.refused("user.add", name="olga", roles="viewer"))[0] == "refused"
    assert (await hub.refused("user.role", name="nobody", roles="viewer"))[0] == "not_found"
    assert (await hub.refused("user.add", name="new", roles="king"))[0] == "invalid"


async def test_a_program_shows_its_token_until_it_ends(hub: Desk) -> None:
    made = await hub.order("token.create", name="dashboard", roles="viewer", days=7)
    async with hub.browser() as program:
        bearer = {"Authorization": f"Bearer {made['token']}"}
        assert await program.get("look", **bearer) == (200, {"who": "dashboard", "via": "api", "roles": ["viewer"]})
        assert (await program.post("steer", None, **bearer))[0] == 403
        await hub.clock.advance(7.1 * DAY)
        assert (await program.get("look", **bearer))[0] == 401
    steerer = await hub.order("token.create", name="steerer", roles="operator")
    async with hub.browser() as program:
        bearer = {"Authorization": f"Bearer {steerer['token']}"}
        assert (await program.post("steer", None, **bearer))[0] == 200  # no word against forgery: no browser sends it
        await hub.order("token.revoke", name="steerer")
        assert (await program.post("steer", None, **bearer))[0] == 401
    shown = await hub.order("token.list")
    assert [one["name"] for one in shown["tokens"]] == ["dashboard"]
    assert made["token"] not in str(shown)


async def test_nothing_that_is_kept_opens_the_door(hub: Desk, tmp_path: Path) -> None:
    made = await hub.order("token.create", name="dashboard", roles="viewer")
    password = (await hub.order("user.add", name="olga", roles="owner"))["password"]
    async with hub.browser() as olga:
        await olga.login("olga", password)
        cookie = next(iter(olga.session.cookie_jar)).value
    held = b"".join(file.read_bytes() for file in tmp_path.rglob("evhub.db*"))
    for secret in (made["token"], password, cookie):
        assert secret.encode() not in held


# the book


async def test_the_book_says_who_did_what_from_where(hub: Desk) -> None:
    await hub.order("user.add", name="vera", roles="viewer", password=PASSWORD)
    async with hub.browser() as vera:
        await vera.login("vera", "not this one")
        await vera.login("vera")
    refused = await hub.orders.answer(
        Envelope("charger.steer", {}), Caller("vera", "page", frozenset({Role.VIEWER}), "127.0.0.1")
    )
    assert not refused.ok
    assert await hub.book() == [
        ("root", "user.add", "cli", None, "done"),
        ("vera", "access.login", "page", "127.0.0.1", "unauthorised"),
        ("vera", "access.login", "page", "127.0.0.1", "done"),
        ("vera", "charger.steer", "page", "127.0.0.1", "not_allowed"),
    ]
    [line] = (await hub.order("audit.list", order="user.add"))["lines"]
    assert line["args"]["password"] == "••••"


async def test_the_book_forgets_after_its_time(hub: Desk) -> None:
    await hub.order("charger.steer")
    for seconds in (401 * DAY, TIDY_S):
        await hub.clock.advance(seconds)
        await hub.store.write(lambda tx: None)  # what tidies has been at the database
    await hub.order("charger.steer")
    assert len(await hub.book()) == 1


async def test_a_full_disk_lets_nobody_in_for_whom_it_would_not_last(
    hub: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(work: object, *, durable: bool = True) -> None:
        raise NotKept("the disk is full", "make room")

    async with hub.browser() as olga:
        with monkeypatch.context() as patch:
            patch.setattr(hub.store, "write", full)
            status, why = await olga.claim(hub.access.claim_code)
            assert (status, why["error"]["code"]) == (507, "not_kept")
        assert (await olga.claim(hub.access.claim_code))[0] == 200


async def test_two_who_type_the_code_at_once_are_not_both_the_owner(hub: Desk) -> None:
    async with hub.browser() as olga, hub.browser() as otto:
        code = hub.access.claim_code
        said = [{"code": code, "name": name, "password": PASSWORD} for name in ("olga", "otto")]
        answers = await asyncio.gather(olga.post("claim", said[0]), otto.post("claim", said[1]))
        assert sorted(status for status, _ in answers) == [200, 409]
    assert len((await hub.order("user.list"))["users"]) == 1


async def test_who_guesses_tokens_holds_up_no_program_at_the_same_address(hub: Desk) -> None:
    token = (await hub.order("token.create", name="panel", roles=["viewer"]))["token"]
    async with hub.browser() as guesser, hub.browser() as panel:
        codes = [(await guesser.get("me", Authorization=f"Bearer evhub_{n}"))[0] for n in range(8)]
        assert codes[-1] == 429
        assert (await panel.get("me", Authorization=f"Bearer {token}"))[0] == 200


# several at once


async def test_who_was_removed_does_not_come_back_by_changing_a_password(hub: Desk) -> None:
    password = (await hub.order("user.add", name="mal", roles="owner"))["password"]
    await hub.order("user.add", name="olga", roles="owner")
    async with hub.browser() as mal:
        await mal.login("mal", password)
        said = {"old": password, "new": "another horse, a battery"}
        changing = asyncio.ensure_future(mal.post("password", said))
        await asyncio.sleep(0)
        await hub.order("user.remove", name="mal")
        status, _ = await changing
        assert status in {401, 403}
        assert [one["name"] for one in (await hub.order("user.list"))["users"]] == ["olga"]
        assert (await mal.login("mal", "another horse, a battery"))[0] == 401


async def test_two_owners_who_step_back_at_once_leave_one(hub: Desk) -> None:
    for name in ("olga", "otto"):
        await hub.order("user.add", name=name, roles="owner")
    steps = [hub.orders.answer(Envelope("user.role", {"name": n, "roles": "viewer"}), BOX) for n in ("olga", "otto")]
    assert sorted(reply.ok for reply in await asyncio.gather(*steps)) == [False, True]


async def test_tokens_of_one_name_at_once_are_one(hub: Desk) -> None:
    made = [hub.orders.answer(Envelope("token.create", {"name": "x", "roles": "viewer"}), BOX) for _ in range(4)]
    assert [reply.ok for reply in await asyncio.gather(*made)].count(True) == 1


async def test_guesses_that_come_at_once_are_counted_one_by_one(hub: Desk) -> None:
    await hub.order("user.add", name="olga", roles="owner", password=PASSWORD)
    async with hub.browser() as guesser:
        answers = await asyncio.gather(*(guesser.login("olga", "not this one") for _ in range(30)))
        assert [status for status, _ in answers].count(401) == 5


async def test_headers_that_are_no_text_are_nobody(hub: Desk) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.web.port)
    writer.write(b"GET /api/v1/look HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_what_an_order_does_not_know_is_in_the_book_by_name_only(hub: Desk) -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    for args in ({"name": "eve", "roles": "viewer", "pasword": "geheim"}, {"name": "eve", "x": deep}):
        assert not (await hub.orders.answer(Envelope("user.add", args), BOX)).ok
    lines = (await hub.order("audit.list"))["lines"]
    assert [line["args"].get("pasword") or line["args"]["x"] for line in lines] == ["…", "…"]


async def test_the_same_id_is_not_answered_for_whom_may_not(hub: Desk) -> None:
    order = Envelope("token.create", {"name": "x", "roles": "owner"}, id="r1")
    assert (await hub.orders.answer(order, Caller("mal", "api", frozenset({Role.OWNER})))).ok
    again = await hub.orders.answer(order, Caller("mal", "api", frozenset({Role.VIEWER})))
    assert again.error is not None
    assert again.error.code == "not_allowed"
