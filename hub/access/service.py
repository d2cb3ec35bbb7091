"""The access room: who may operate the hub, and the audit book of what they ordered.

A fresh hub prints a code; who types it at `/claim` becomes owner and installer. From then on people log in, programs
show tokens, and the local command line may do everything. What is known of people is in memory and written through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from hub.access import answers as say
from hub.access import store as rows
from hub.access.args import AddArgs, AuditArgs, NameArgs, NoArgs, RolesArgs, TokenArgs, known_time
from hub.access.config import AccessConfig
from hub.access.lockout import Lockout, network_of
from hub.access.people import People
from hub.access.secrets import Passwords, csrf_of, digest, new_code, new_secret, new_token, same_code
from hub.access.store import Login, Person, Token
from hub.core.clock import Clock
from hub.core.documents import Documents
from hub.core.orders import AuditLine, Caller, Envelope, Orders, Result
from hub.core.shown import iso
from hub.core.store import Store, Tx
from hub.core.tasks import Tasks
from hub.model.errors import EvhubError, Invalid, NotAllowed, NotFound, NotKept, Refused, TooMany, Unauthorised
from hub.model.person import OWN, Role, Roles
from hub.web.doors import Guest

log = logging.getLogger(__name__)

FOUNDER: Roles = frozenset({Role.OWNER, Role.INSTALLER})
CLAIM = "access.claim"
SEEN_EVERY = timedelta(minutes=10)  # how exactly it is written down when a login was used
TIDY_S = 3600.0
LEAST_LETTERS = 10
MOST_LETTERS = 500
LOGIN = "access.login"
PASSWORD = "access.password"


class Access:
    """Knows who comes in, and keeps the book. Answers the web toolkit's `Doorkeeper`."""

    def __init__(self, store: Store, documents: Documents, orders: Orders, clock: Clock, config: AccessConfig) -> None:
        self._store, self._documents, self._orders = store, documents, orders
        self._clock, self._config = clock, config
        self._known = People()
        self._passwords, self._lockout = Passwords(), Lockout()
        self._tasks = Tasks("access")
        self._code: str | None = None
        self._changing = asyncio.Lock()  # whoever changes people or tokens looks and writes inside

    # life

    async def start(self) -> None:
        """Read who there is; a hub that nobody owns gets a code."""
        read = self._store.read
        self._known.people = {one.name: one for one in await read(rows.all_people)}
        self._known.logins = {one.digest: one for one in await read(rows.all_logins)}
        self._known.tokens = {one.digest: one for one in await read(rows.all_tokens)}
        if not self._known.has_owner:
            kept = await self._documents.load(CLAIM)
            self._code = kept if isinstance(kept, str) else new_code()
            if kept is None:
                await self._keep_code()
        self._offer()
        self._orders.keep_book(self._write_line)
        self._tasks.keep("tidy", self._tidy)

    async def stop(self) -> None:
        """The book is closed."""
        self._orders.keep_book(None)
        await self._tasks.close()

    def take(self, config: AccessConfig) -> None:
        """Other settings; they count at once."""
        self._config = config

    @property
    def claim_code(self) -> str | None:
        """What makes somebody the owner; None when the hub has one."""
        return self._code

    async def _keep_code(self) -> None:
        try:
            await self._documents.save(CLAIM, self._code)
        except NotKept:
            log.warning("the code to claim this hub could not be kept: a restart makes another one")

    # the doorkeeper

    async def by_cookie(self, secret: str) -> Guest | None:
        """The person whose login this is."""
        now = self._clock.now()
        found = self._known.who_has(digest(secret), now, self._config)
        if found is None:
            return None
        person, login = found
        if now - login.seen_at >= SEEN_EVERY:
            seen = replace(login, seen_at=now)
            self._known.logins[login.digest] = seen
            self._tasks.once("seen", self._note_seen(seen))
        return Guest(person.name, person.roles, csrf_of(secret))

    async def by_token(self, secret: str, origin: str) -> Guest | None:
        """The program whose token this is. A token is too long to be guessed: who guesses holds up no other program."""
        token = self._known.program(digest(secret), self._clock.now())
        if token is not None:
            return Guest(token.name, token.roles, None)
        self._may_guess(f"token {network_of(origin)}")
        self._lockout.wrong(f"token {network_of(origin)}", self._clock.monotonic())
        return None

    async def _note_seen(self, login: Login) -> None:
        try:
            await self._store.write(lambda tx: rows.keep_login(tx, login), durable=False)
        except NotKept:
            log.debug("when %s was last here could not be kept", login.person)

    # coming in

    async def claim(self, code: str, name: str, password: str, origin: str) -> str:
        """Make somebody the owner of a hub that has none; answers the secret of the login."""
        key = f"claim {network_of(origin)}"
        self._may_guess(key)
        if self._code is None:
            raise Refused(
                "this hub has an owner already", "log in, or ask the owner; 'evhub user' helps on the box itself"
            )
        if not same_code(code, self._code):
            self._lockout.wrong(key, self._clock.monotonic())
            await self._note(
                "access.claim",
                name,
                origin,
                wrong := NotAllowed("this is not the code", "it is in the hub's log, and 'evhub run' prints it"),
            )
            raise wrong
        _check_password(password)
        person = Person(name, await self._passwords.hashed(password), FOUNDER, self._clock.now())
        async with self._changing:
            if self._code is None:  # somebody was quicker
                raise Refused("this hub has an owner already", "log in")
            await self._store.write(lambda tx: rows.keep_person(tx, person))
            self._take(person)
        await self._note("access.claim", name, origin, None)
        return await self._log_in(name, origin)

    async def login(self, name: str, password: str, origin: str) -> str:
        """Let somebody in; answers the secret of the login. Raises Unauthorised or TooMany."""
        try:
            person = await self._proven(name, password, origin)
        except Unauthorised as wrong:
            await self._note(LOGIN, name, origin, wrong)
            raise
        await self._note(LOGIN, name, origin, None)
        async with self._changing:
            if self._known.people.get(name) != person:
                raise Unauthorised("your password or what you are was changed meanwhile", "log in again")
            return await self._log_in(name, origin)

    async def _proven(self, name: str, password: str, origin: str) -> Person:
        """Somebody who knows his password. A guess counts before it is looked at: many at once are many."""
        place = network_of(origin)
        keys = (f"{name} {place}", place)
        for key in keys:
            self._may_guess(key)
        for key in keys:
            self._lockout.wrong(key, self._clock.monotonic())
        person = self._known.people.get(name)
        if not await self._passwords.fits(password, None if person is None else person.password) or person is None:
            raise Unauthorised("the name or the password is wrong", "try again; an owner can give you a new password")
        for key in keys:
            self._lockout.right(key)
        return person

    async def logout(self, secret: str) -> None:
        """End a login."""
        ended = digest(secret)
        self._known.logins.pop(ended, None)
        await self._store.write(lambda tx: rows.forget_logins(tx, [ended]))

    async def change_password(self, name: str, old: str, new: str, origin: str) -> str:
        """Somebody takes another password; all his logins end but the new one, whose secret is answered."""
        _check_password(new)
        try:
            person = await self._proven(name, old, origin)
        except Unauthorised:
            wrong = NotAllowed("the old password is wrong", "type the one that you logged in with")
            await self._note(PASSWORD, name, origin, wrong)
            raise wrong from None
        hashed = await self._passwords.hashed(new)
        async with self._changing:
            if self._known.people.get(name) != person:
                raise NotAllowed("your password or what you are was changed meanwhile", "log in again")
            await self._set_password(person, hashed)
            secret = await self._log_in(name, origin)
        await self._note(PASSWORD, name, origin, None)
        return secret

    async def _log_in(self, name: str, origin: str) -> str:
        now, secret = self._clock.now(), new_secret()
        login = Login(digest(secret), name, now, now, origin)
        await self._store.write(lambda tx: rows.keep_login(tx, login))
        self._known.logins[login.digest] = login
        return secret

    def _may_guess(self, key: str) -> None:
        wait_s = self._lockout.wait_s(key, self._clock.monotonic())
        if wait_s > 0:
            raise TooMany("too many wrong guesses", f"wait {wait_s:.0f} s, then try again")

    async def _note(self, what: str, name: str, origin: str, error: EvhubError | None) -> None:
        """Who came in, or did not, is in the book too."""
        await self._orders.note(Envelope(what, {}), Caller(name, "page", frozenset(), origin), error)

    # the book

    async def _write_line(self, line: AuditLine) -> None:
        await self._store.write(lambda tx: rows.write_line(tx, line))

    async def _tidy(self) -> None:
        """What is over goes, once an hour."""
        while True:
            await self._clock.sleep(TIDY_S)
            now = self._clock.now()
            ended, before = self._known.ended(now, self._config), now - timedelta(days=self._config.audit_days)
            for one in ended:
                self._known.logins.pop(one, None)

            def work(tx: Tx, ended: list[str] = ended, before: datetime = before) -> None:
                rows.forget_logins(tx, ended)
                rows.forget_lines(tx, before)

            try:
                await self._store.write(work, durable=False)
            except NotKept:
                log.debug("tidying waits for the database")

    # orders

    def _offer(self) -> None:
        serve = partial(self._orders.serve, may=OWN)
        lists = partial(serve, reads=True)
        lists("user.list", NoArgs, self._people, says="Who may log in.", gives=say.People)
        said = "Let somebody in; the password is made up and shown once."
        serve("user.add", AddArgs, self._add, says=said, gives=say.NewPerson)
        serve("user.role", RolesArgs, self._role, says="What somebody is to the site.", gives=say.PersonState)
        said = "A new password for somebody; his logins end."
        serve("user.reset", NameArgs, self._reset, says=said, gives=say.NewPassword)
        serve("user.remove", NameArgs, self._remove, says="Let somebody in no more.", gives=say.Gone)
        lists("token.list", NoArgs, self._programs, says="Which programs have a token.", gives=say.Tokens)
        said = "A token for a program; it is shown once."
        serve("token.create", TokenArgs, self._create, says=said, gives=say.NewToken)
        serve("token.revoke", NameArgs, self._revoke, says="End a token.", gives=say.Gone)
        lists("audit.list", AuditArgs, self._lines, says="Who ordered what, and what came of it.", gives=say.Book)

    async def _people(self, args: NoArgs, caller: Caller) -> Result:
        return {"users": [self._shown(one) for one in self._known.people.values()]}

    async def _add(self, args: AddArgs, caller: Caller) -> Result:
        password = args.password or new_code(4)
        _check_password(password)
        person = Person(args.name, await self._passwords.hashed(password), frozenset(args.roles), self._clock.now())
        async with self._changing:
            if args.name in self._known.people:
                raise Refused(f"there is a {args.name} already", "choose another name, or order user.reset")
            await self._store.write(lambda tx: rows.keep_person(tx, person))
            self._take(person)
        return {**self._shown(person), **({} if args.password else {"password": password})}

    async def _role(self, args: RolesArgs, caller: Caller) -> Result:
        roles = frozenset(args.roles)
        async with self._changing:
            person = replace(self._person(args.name), roles=roles)
            self._check_owner_left(person.name, roles)
            await self._store.write(lambda tx: rows.keep_person(tx, person))
            self._take(person)
        return self._shown(person)

    async def _reset(self, args: NameArgs, caller: Caller) -> Result:
        password = new_code(4)
        hashed = await self._passwords.hashed(password)
        async with self._changing:
            await self._set_password(self._person(args.name), hashed)
        return {"name": args.name, "password": password}

    async def _remove(self, args: NameArgs, caller: Caller) -> Result:
        async with self._changing:
            person = self._person(args.name)
            self._check_owner_left(person.name, frozenset())
            await self._store.write(lambda tx: rows.forget_person(tx, person.name))
            self._end_logins(person.name)
            del self._known.people[person.name]
        return {"name": person.name}

    async def _programs(self, args: NoArgs, caller: Caller) -> Result:
        return {"tokens": [_token_shown(one) for one in self._known.tokens.values()]}

    async def _create(self, args: TokenArgs, caller: Caller) -> Result:
        now, secret = self._clock.now(), new_token()
        ends_at = None if args.days is None else now + timedelta(days=args.days)
        token = Token(args.name, digest(secret), frozenset(args.roles), now, caller.who, ends_at)
        async with self._changing:
            if self._known.token_called(args.name) is not None:
                raise Refused(f"there is a token called {args.name} already", "choose another name, or revoke that one")
            await self._store.write(lambda tx: rows.keep_token(tx, token))
            self._known.tokens[token.digest] = token
        return {**_token_shown(token), "token": secret}

    async def _revoke(self, args: NameArgs, caller: Caller) -> Result:
        token = self._known.token_called(args.name)
        if token is None:
            names = ", ".join(one.name for one in self._known.tokens.values()) or "none"
            raise NotFound(f"no token is called '{args.name}'", f"the tokens are: {names}")
        await self._store.write(lambda tx: rows.forget_token(tx, args.name))
        self._known.tokens.pop(token.digest, None)
        return {"name": args.name}

    async def _lines(self, args: AuditArgs, caller: Caller) -> Result:
        wanted = rows.Wanted(known_time(args.since), args.who, args.order, args.limit)
        found = await self._store.read(lambda connection: rows.lines(connection, wanted))
        return {"lines": [{**line, "at": iso(line["at"])} for line in found]}  # type: ignore[arg-type]

    # small steps

    def person(self, name: str) -> Mapping[str, object]:
        """Somebody as he is shown to himself."""
        return self._shown(self._person(name))

    def _person(self, name: str) -> Person:
        found = self._known.people.get(name)
        if found is None:
            raise NotFound(f"nobody is called '{name}'", f"there are: {', '.join(self._known.people) or 'none yet'}")
        return found

    async def _set_password(self, person: Person, hashed: str) -> None:
        changed = replace(person, password=hashed)
        ended = self._known.logins_of(person.name)

        def work(tx: Tx) -> None:
            rows.keep_person(tx, changed)
            rows.forget_logins(tx, ended)

        await self._store.write(work)
        self._known.people[person.name] = changed
        self._end_logins(person.name)

    def _take(self, person: Person) -> None:
        self._known.people[person.name] = person
        if self._known.has_owner:
            self._code = None

    def _end_logins(self, name: str) -> None:
        for one in self._known.logins_of(name):
            del self._known.logins[one]

    def _check_owner_left(self, name: str, roles: Roles) -> None:
        if self._known.would_lock_out(name, roles):
            raise Refused("the site would have no owner", "make somebody else an owner first")

    def _shown(self, person: Person) -> dict[str, object]:
        logins = [self._known.logins[one] for one in self._known.logins_of(person.name)]
        seen = max((login.seen_at for login in logins), default=None)
        return {
            "name": person.name,
            "roles": sorted(person.roles),
            "made_at": iso(person.made_at),
            "logins": len(logins),
            "seen_at": None if seen is None else iso(seen),
        }


def _token_shown(token: Token) -> dict[str, object]:
    return {
        "name": token.name,
        "roles": sorted(token.roles),
        "made_at": iso(token.made_at),
        "made_by": token.made_by,
        "ends_at": None if token.ends_at is None else iso(token.ends_at),
    }


def _check_password(password: str) -> None:
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise Invalid(f"a password has {LEAST_LETTERS} to {MOST_LETTERS} letters", "four or five words make a good one")
    if len(set(password)) < 4:
        raise Invalid("this password is too simple", "four or five words make a good one")
