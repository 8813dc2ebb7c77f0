"""What the API answers, as values; JSON and its schema are made from these."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

from portal.catalog.queries import meters, services
from portal.customers.queries import cameras, clouds, referrals, subscribers, subscriptions
from portal.routes.api.kit.rows import (
    Amount,
    MonthKey,
    Percent,
    Price,
    Pricing,
    Quantity,
    answer_of,
)

T = TypeVar("T")
Side = Literal["retail", "wholesale"]


Secret = Annotated[
    str, Meta(description="There in the answer that makes it, and never again: keep it now.")
]


class Page(Struct, Generic[T], frozen=True):
    """Some rows of a list, and the cursor of the next page; null at the end."""

    items: list[T]
    next: str | None


@answer_of(meters.Meter)
class Meter(Struct, frozen=True):
    """One daily fact about a camera, an integer in `base_unit`."""


@answer_of(services.Service, but=("list_pricing",))
class Service(Struct, frozen=True, kw_only=True):
    """What the platform sells: a meter, measured in units of `unit_size` base units."""

    list_pricing: Pricing | None


@answer_of(clouds.Cloud, but=("id", "postal"))
class Cloud(Struct, frozen=True):
    """One operator."""


class FoundedCloud(Cloud, frozen=True, kw_only=True):
    """A new operator; `link` invites its administrator, where no mail brings it."""

    link: Secret | UnsetType = UNSET
    link_expires_at: datetime | UnsetType = UNSET


class Rate(Struct, frozen=True):
    """What a cloud pays for a service from `valid_from` on."""

    service: str
    valid_from: date
    pricing: Pricing


class Item(Struct, frozen=True):
    """A service that a tariff includes."""

    service: str
    quantity: Quantity
    overage: Pricing | None


class Version(Struct, frozen=True):
    """A tariff's price and rules from `valid_from` on."""

    valid_from: date
    monthly_price: Price
    setup_fee: Price
    trial_days: int
    bill_when_disabled: bool
    items: list[Item]
    below_cost_reason: str
    below_cost: bool


class Tariff(Struct, frozen=True):
    """A retail plan with its versions, oldest first."""

    code: str
    name: str
    note: str
    offered: bool
    is_default: bool
    versions: list[Version]


@answer_of(subscribers.Subscriber, but=("id", "postal"))
class Subscriber(Struct, frozen=True):
    """A customer of a cloud."""


@answer_of(cameras.Camera, but=("id",))
class Camera(Struct, frozen=True):
    """The billing unit."""


class NewSubscriber(Subscriber, frozen=True, kw_only=True):
    """A new customer; `link` invites its first person, where no mail brings it."""

    link: Secret | UnsetType = UNSET
    link_expires_at: datetime | UnsetType = UNSET


class Excess(Struct, frozen=True):
    """A meter of which a camera may have more than is sold: who accepted that, when and why."""

    meter: str
    reason: str
    accepted_by: str
    accepted_at: datetime


@answer_of(subscriptions.Subscription)
class Subscription(Struct, frozen=True):
    """A camera on a tariff for `[starts_on, ends_on)`, for the subscriber it had then."""


@answer_of(referrals.Referral, but=("id",))
class Referral(Struct, frozen=True):
    """An agent who refers subscribers."""


class Usage(Struct, frozen=True):
    """A camera's quantity of a meter on a day, in the meter's base unit."""

    camera: str
    day: date
    meter: str
    quantity: Quantity


class Rejected(Struct, frozen=True):
    """A row that was not taken."""

    line: int
    message: str


class Ingested(Struct, frozen=True):
    """What became of usage that was sent; `rejected` is there with `?partial=true`."""

    accepted: int
    unchanged: int
    rejected: list[Rejected] | UnsetType = UNSET


class Correction(Struct, frozen=True):
    """Usage of a day as a person set it."""

    camera: str
    day: date
    meter: str
    quantity: Quantity
    reason: str


class Progress(Struct, frozen=True):
    """Cameras rated, of how many."""

    done: int
    total: int


class Totals(Struct, frozen=True):
    """Sums of a period's charges and commissions."""

    retail: Amount
    wholesale: Amount
    commission: Amount


class Unrated(Struct, frozen=True):
    """Usage of a service on a day without a rate: charged to nobody."""

    service: str
    day: date
    cameras: int


class LateUsage(Struct, frozen=True):
    """Cameras whose usage changed in a month too old to be corrected by itself."""

    period: MonthKey
    cameras: int


class Period(Struct, frozen=True):
    """A month of a cloud."""

    period: MonthKey
    state: Literal["open", "closing", "closed"]
    progress: Progress
    gaps: list[date]
    totals: Totals
    currency: str
    closing_at: datetime | None
    closed_at: datetime | None
    trouble: str
    unrated: list[Unrated]
    late_usage: list[LateUsage]


class Charge(Struct, frozen=True):
    """What one camera owes for one thing in a period."""

    camera: str
    side: Side
    kind: Literal["recurring", "setup", "overage", "service"]
    service: str | None
    tariff: str | None
    subscriber: int | None
    original_period: MonthKey
    quantity: Quantity
    unit_price: Price | None
    amount: Amount


class LineRow(Struct, frozen=True):
    """A charge of a document's line and how it comes about; all of them sum to the line.

    `days` are those it is for, null where none count. `agreement` is `same` where usage and prices
    make the amount today, `changed` after usage that came late, `differs` without such a reason.
    """

    camera: str
    name: str
    days: int | None
    quantity: Quantity
    unit_price: Price | None
    formula: str | None
    amount: Amount
    original_period: MonthKey
    agreement: Literal["same", "changed", "differs"]


class CameraReason(LineRow, frozen=True, kw_only=True):
    """A charge of a camera's month; `period` is that of the close that made it, null before one."""

    side: Side
    kind: Literal["recurring", "setup", "overage", "service"]
    service: str | None
    tariff: str | None
    subscriber: int | None
    period: MonthKey | None


class CameraReasons(Struct, frozen=True):
    """All charges of a camera's month, or of its days so far while it is not `closed`.

    Services in `unpriced` are priced for the whole cloud at the close.
    """

    closed: bool
    items: list[CameraReason]
    unpriced: list[str]


class Line(Struct, frozen=True):
    """A line of a document."""

    kind: str
    description: str
    detail: str
    unit: str
    quantity: Quantity
    unit_price: Price | None
    amount: Amount
    original_period: MonthKey


class Invoice(Struct, frozen=True):
    """An issued invoice or credit note; a credit note's amounts are negative."""

    number: str
    type: Literal["invoice", "credit_note"]
    side: Side
    subscriber: int | None
    period: MonthKey
    issued_at: datetime
    issued_on: date
    due_on: date | None
    currency: str
    lines: list[Line]
    subtotal: Amount
    discount_percent: Percent
    discount: Amount
    taxable: Amount
    tax_percent: Percent
    tax: Amount
    total: Amount
    paid: Amount
    credited: Amount
    written_off: Amount
    left: Amount
    overdue: bool
    disputed: bool
    in_collection: bool
    payment_reference: str
    credits: str | None
    status: str


class Commission(Struct, frozen=True):
    """What a referral earned, or below zero gave back, on one document.

    `state` is held, pending, payable, stated or paid: pending until `payable_on`, stated on the
    `statement` with this number.
    """

    id: int
    referral: str
    level: int
    subscriber: int
    document: str
    period: MonthKey
    base: Amount
    percent: Percent
    amount: Amount
    formula: str | None
    state: str
    payable_on: date
    statement: str | None


class Margin(Struct, frozen=True):
    """Revenue, cost, commission and margin of a subscriber's camera in a closed period."""

    camera: str
    subscriber: int | None
    revenue: Amount
    cost: Amount
    commission: Amount
    margin: Amount


class Problem(Struct, frozen=True):
    """Anything that went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str | int]]


class Who(Struct, frozen=True):
    """A person by row id and address, or a key by its public id and name."""

    id: str
    name: str


class Audited(Struct, frozen=True, kw_only=True):
    """One deed. `person` did it, with a `key` where one was used, from `address`.

    `as` is whom the person was viewing as, if anybody; `number` its place in the cloud's chain.
    """

    at: datetime
    person: Who | None
    as_: str | None = field(name="as")
    key: Who | None
    address: str
    action: str
    object: str
    before: Any
    after: Any
    cloud: str | None
    number: int
    role: str
    session: int | None


class AuditHead(Struct, frozen=True):
    """The end of a chain: the last entry's number and seal, 0 and "" where there is none."""

    cloud: str | None
    number: int
    hash: str


class Platform(Struct, frozen=True):
    """What the platform asks of its people."""

    second_factor: bool
