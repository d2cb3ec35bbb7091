"""The pieces of the amqtt child; the whole of it is tested in test_broker.py."""

from pathlib import Path

from amqtt.contexts import BaseContext
from amqtt.session import Session

from hub.mqtt import passwords
from hub.mqtt.amqtt_child import PasswordFile, Steady, settings


def test_a_steady_dict_may_change_while_somebody_goes_through_it() -> None:
    steady = Steady(a=1, b=2)
    for name in steady:
        steady[name * 2] = 0
    assert list(steady) == ["a", "b", "aa", "bb"]
    for name, _ in steady.items():
        del steady[name]
    assert not steady


async def test_who_is_let_in(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text(passwords.line("site", "s3cret", b"twelve bytes"))
    context = BaseContext()
    context.config = PasswordFile.Config(str(tmp_path / "passwords"))
    plugin = PasswordFile(context)
    for user, word, allowed in [
        ("site", "s3cret", True),
        ("site", "", False),
        ("site", None, False),
        ("hub", "s3cret", False),
        (None, None, False),
    ]:
        session = Session()
        session.username, session.password = user, word
        assert await plugin.authenticate(session=session) is allowed


def test_without_a_password_file_everybody_is_let_in() -> None:
    made = settings({"bind": "::1", "port": "1883", "pid_file": "x", "passwords": None})
    assert made["listeners"] == {"default": {"type": "tcp", "bind": "::1:1883", "max_connections": 0}}
    assert made["plugins"] == {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
