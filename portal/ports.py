"""The outside world, as those who use it see it: what is behind is chosen where it is wired.

Gateways fill these protocols, `portal/app.py`, `workers/settings.py` and commands choose which, and
rooms get them as arguments. What the protocols speak of is in `portal/values`: `watcher.py`,
`document.py` and `rendering.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from portal.billing.bank.line import BankLine
from portal.billing.provisioning import PresetWanted
from portal.billing.readings import CameraReading, Organization, Preset, Range
from portal.values.bank_files import CsvHead, CsvMapping
from portal.values.cards import (
    Charged,
    Disputed,
    GatewayEvent,
    GatewaySecrets,
    PaidOut,
    Refunded,
    SetUp,
    ToCharge,
)
from portal.values.document import DocumentValue
from portal.values.mail import Letter
from portal.values.rendering import RenderedDocument
from portal.values.watcher import Check, WatcherAccess
from portal.values.webhooks import Answered, Outgoing


class Queue(Protocol):
    """Asks workers for jobs. PostgreSQL knows what the work is: a job that is lost costs time."""

    async def enqueue(self, job: str, *ids: int) -> None:
        """Ask some worker to run `job(*ids)` soon: a name of `portal.jobs`, and row ids."""


class Clock(Protocol):
    """Tells the time in UTC. What happens at one time asks once and hands it on."""

    def __call__(self) -> datetime:
        """The time now."""
        ...

    async def refresh(self) -> None:
        """Look again, before a request or a job."""


class Vault(Protocol):
    """Secrets at rest, encrypted with keys that can be changed: the first one encrypts."""

    def lock(self, secrets: dict[str, str]) -> bytes:
        """Named secrets as bytes that say nothing."""
        ...

    def open(self, locked: bytes) -> dict[str, str]:
        """The secrets again. Raises `Conflict` when no key fits."""
        ...

    def relock(self, locked: bytes) -> bytes:
        """The same secrets under the first key. Raises `Conflict` when no key fits."""
        ...

    def is_current(self, locked: bytes) -> bool:
        """Whether the first key opens it, so that no other one is needed."""
        ...


class DocumentRenderer(Protocol):
    """Turns the value of an issued document into the bytes that are stored for good."""

    async def render(self, value: DocumentValue) -> RenderedDocument:
        """The PDF and its SHA-256. Raises DocumentFailed, GlyphsMissing or RendererMissing."""
        ...

    async def still_waiting(self, waits: Sequence[tuple[str, str]]) -> list[bool]:
        """Of each wait (characters, command), whether it still waits. Raises like `render`."""
        ...


class Backups(Protocol):
    """The folder in which the backup of each day is kept."""

    @property
    def keep(self) -> timedelta:
        """How long one is kept."""
        ...

    def name_of(self, now: datetime) -> str:
        """What the file of a moment is called."""
        ...

    async def take(self, name: str) -> int:
        """Make one of this name; its size in bytes. Raises `PortalError`."""
        ...

    async def remove(self, name: str) -> None:
        """Take one away, whole or not; nothing where it is gone already. Raises `PortalError`."""
        ...


class Watcher(Protocol):
    """A Watcher while it is read. Every reader raises a `WatcherFailed` when it cannot go on."""

    @property
    def pages(self) -> int:
        """Pages of cameras read so far."""
        ...

    @property
    def reads_ranges(self) -> bool:
        """Whether `ranges` can be read with the credentials there are."""
        ...

    def organizations(self) -> AsyncIterator[Organization]:
        """Every organization that is read. In v2 read them before the cameras: they are counted."""
        ...

    def presets(self) -> AsyncIterator[Preset]:
        """Every preset, also those marked as deleted."""
        ...

    def cameras(self, known: Collection[str] = ()) -> AsyncIterator[list[CameraReading]]:
        """Every camera once, in batches as they are read, in bounded memory.

        `known` are the names of the last complete run. When the iteration has come to its end,
        those of them that did not come are gone; when it raises, nothing is known to be gone.
        """
        ...

    def ranges(self, names: Iterable[str]) -> AsyncIterator[tuple[str, tuple[Range, ...] | None]]:
        """The footage in store of each camera, disjoint and in order; None: no good answer.

        Raises `CredentialsRefused` where `reads_ranges` is false.
        """
        ...

    def require_ranges(self) -> None:
        """Raise what failed when several cameras were asked about and none had an answer."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was found so far that is not as it should be, and stopped nothing.

        Sentences of one line, at most 22 of them: the last one counts those that are not shown.
        """
        ...

    @property
    def unnamed(self) -> int:
        """Cameras that were listed without a name that can be read, and are left out."""
        ...

    @property
    def writer(self) -> WatcherWriter:
        """Writing to it; only where provisioning is switched on."""
        ...

    async def check(self) -> Sequence[Check]:
        """Try everything that a reading needs and say what works. Raises nothing of Watcher's."""
        ...


class WatcherWriter(Protocol):
    """What may be written. Every verb raises a `WatcherFailed`: `NotApplied` when nothing came."""

    async def make_preset(self, wanted: PresetWanted, *, but: Collection[int] = ()) -> Preset:
        """A preset that is exactly what is wanted: one there is, but not of `but`, or a new one."""
        ...

    async def change_preset(self, preset_id: int, wanted: PresetWanted) -> Preset:
        """Edit a preset in place: every camera on it follows."""
        ...

    async def look(self, name: str) -> CameraReading:
        """A camera as it is now. Raises `NotThere` for one that is gone."""
        ...

    async def put_on_preset(self, name: str, preset_id: int) -> CameraReading:
        """Put a camera on a preset. Raises `NotThere` for a camera that is gone."""
        ...

    async def switch(self, name: str, *, enabled: bool) -> CameraReading:
        """Suspend a camera or let it go on. Raises `NotThere` for a camera that is gone."""
        ...


class Connect(Protocol):
    """Opens a Watcher with an installation's permissions."""

    def __call__(self, connection: WatcherAccess, /) -> AbstractAsyncContextManager[Watcher]:
        """A Watcher to read, for one sync run. Raises `AddressRefused`, `CredentialsRefused`."""
        ...


class WatcherAddresses(Protocol):
    """Which addresses an installation calls, as far as can be told without calling."""

    def refuse(self, url: str, cloud: str) -> None:
        """Raise `AddressRefused` for an address that a cloud (its slug) may not have called."""

    def refuse_open(self, url: str, cloud: str) -> None:
        """As `refuse`, and for one that is not https, but for a private one that may be called."""

    def is_same_origin(self, one: str, other: str) -> bool:
        """Whether two addresses are the same server's: the same scheme, host and port."""
        ...


class SendWebhook(Protocol):
    """Tells an operator's system what happened."""

    async def __call__(self, hook: Outgoing, /) -> Answered:
        """Send an event once and say what came of it; raises nothing of the network's."""
        ...


class MailNotSent(Exception):
    """The mail server did not take a letter; `is_final` when another try would end the same.

    `taken` are those of its addresses for which it was taken all the same.
    """

    def __init__(self, reason: str, *, is_final: bool, taken: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.taken = taken


class Mail(Protocol):
    """A mail server."""

    async def send(self, letter: Letter) -> None:
        """Write a letter as text and as HTML, and hand it over. Raises `MailNotSent`."""


class ReadCsvHead(Protocol):
    """Looks at the first rows of a bank's CSV, to say how it is to be read."""

    def __call__(self, content: bytes, /) -> CsvHead:
        """What stands in its first rows. Raises `Invalid` at "file" for what is no text."""
        ...


class ReadBankFile(Protocol):
    """Reads what a bank gives: the movements on accounts, in whatever format."""

    def __call__(
        self, content: bytes, kind: str, /, *, currency: str, mappings: Sequence[CsvMapping]
    ) -> list[BankLine]:
        """The lines of a file; `kind` is one of `bank_files.FORMATS`.

        `currency` is that of formats that say none, `mappings` are those of the CSV files that are
        known. Raises `Invalid` at "file", `InvalidLines` (422) and `TooLarge` (413). It may take
        seconds: not for the event loop.
        """
        ...


class CardGateway(Protocol):
    """A cloud's account at a card gateway. Raises `NoAnswer` and `GatewayRefused`.

    A `key` makes a request once: the same again, within 23 hours, has the first answer.
    """

    async def make_customer(self, key: str, name: str, metadata: Mapping[str, str]) -> str:
        """Somebody whose cards are kept; the gateway's id of them."""
        ...

    async def begin_set_up(
        self, key: str, customer: str, currency: str, *, back: str, cancel: str
    ) -> SetUp:
        """A page where a card is saved. `back` is where its holder returns to."""
        ...

    async def read_set_up(self, session: str) -> SetUp:
        """How far that is."""
        ...

    async def forget(self, method: str) -> None:
        """Keep a card no more; nothing where it is gone already."""
        ...

    async def charge(self, asked: ToCharge) -> Charged:
        """Charge a card: it succeeded, failed, or its holder is asked first."""
        ...

    async def read_charge(self, intent: str) -> Charged:
        """A charge as it is now."""
        ...

    async def find_charge(self, customer: str, metadata: Mapping[str, str]) -> Charged | None:
        """The charge of a customer that was asked for with metadata, if it came to one."""
        ...

    async def give_up(self, intent: str) -> Charged:
        """Charge no more what waits for its holder; what it is after that."""
        ...

    async def refund(
        self, key: str, intent: str, amount: int, currency: str, metadata: Mapping[str, str]
    ) -> Refunded:
        """Give money of a charge back."""
        ...

    async def read_refund(self, refund: str) -> Refunded:
        """How far that is."""
        ...

    async def refunds(self, intent: str = "") -> Sequence[Refunded]:
        """The refunds of a charge, or the latest of the account; at most a hundred."""
        ...

    async def disputes(self, intent: str = "") -> Sequence[Disputed]:
        """The same of disputes."""
        ...

    async def read_payout(self, payout: str) -> PaidOut:
        """A payout as it is now."""
        ...

    async def payouts(self) -> Sequence[PaidOut]:
        """The latest payouts, at most a hundred."""
        ...


class OpenGateway(Protocol):
    """Opens a cloud's account at a gateway."""

    def __call__(self, secrets: GatewaySecrets, /) -> AbstractAsyncContextManager[CardGateway]:
        """The account, for one piece of work. No transaction is open meanwhile."""
        ...


class ReadGatewayEvent(Protocol):
    """Reads what a gateway sends by itself."""

    def __call__(
        self, content: bytes, signature: str, secrets: Sequence[str], /
    ) -> GatewayEvent | None:
        """The event; None where no secret vouches for it, or it is older than five minutes."""
        ...


@dataclass(frozen=True, slots=True)
class Cards:
    """How an installation speaks to card gateways, by their names; `vault` keeps what with.

    `installation` tells this one from others that use the same account, such as one that tests.
    """

    vault: Vault
    open: Mapping[str, OpenGateway]
    read_event: Mapping[str, ReadGatewayEvent]
    installation: str
    public_url: str
