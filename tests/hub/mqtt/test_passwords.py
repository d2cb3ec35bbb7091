"""Our password lines are mosquitto's."""

from hub.mqtt import passwords

# Written by mosquitto_passwd 2.0.11 for the password "s3cret word".
THEIRS = (
    "site:$7$101$/3upcP2h+vXeBIYk$"
    "99p7IrWV2MAc2OeXAPoQzf/Cj6Pl3XZ2JPptyLNN6P6z9r1LoCNi6OJUNf7UCe7YHJStQ/NJ/L1DfQYmzbBKZA==\n"
)


def test_the_same_salt_gives_the_same_line() -> None:
    salt = bytes.fromhex("ff7ba970fda1faf5de048624")
    assert passwords.line("site", "s3cret word", salt) == THEIRS


def test_a_password_fits_its_hash_only() -> None:
    hashed = passwords.parsed(THEIRS + passwords.line("hub", "other", b"twelve bytes"))
    assert hashed.keys() == {"site", "hub"}
    assert passwords.fits("s3cret word", hashed["site"])
    assert not passwords.fits("s3cret word", hashed["hub"])
    assert not passwords.fits("", hashed["site"])
    assert not passwords.fits("s3cret word", "$6$other$format")
