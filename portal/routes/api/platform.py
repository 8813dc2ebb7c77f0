"""Meters, services and clouds: the platform's own."""

from typing import Final

from portal.access import Permission
from portal.billing.period import Period, local_date
from portal.catalog.actions import meters as meter_actions
from portal.catalog.actions import price_lists
from portal.catalog.actions import services as service_actions
from portal.catalog.forms.meter import NewMeter
from portal.catalog.forms.service import NewService, ServiceChange
from portal.catalog.forms.usual import UsualServices
from portal.catalog.queries import meters, services
from portal.customers.actions import clouds as cloud_actions
from portal.customers.forms.cloud import CloudChange
from portal.customers.queries import clouds
from portal.errors import Conflict, Invalid, renamed
from portal.overview.actions import founding
from portal.overview.forms.founding import SENT_AS, WholeCloud
from portal.routes.api import answers
from portal.routes.api.accounts import invitation_of
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

meter_register: Final = Register("Meters")
service_register: Final = Register("Services")
cloud_register: Final = Register("Clouds")


@meter_register(
    "GET",
    "/meters",
    Permission.METERS_READ,
    summary="List meters",
    answer=answers.Page[answers.Meter],
    paged=True,
)
async def list_meters(call: Call) -> answers.Page[answers.Meter]:
    """By key."""
    rows = await meters.list_page(call.actor, after=call.after(str), limit=call.limit + 1)
    page, following = cut(rows, call.limit, lambda row: row.key)
    return answers.Page([_meter(row) for row in page], following)


@meter_register(
    "POST",
    "/meters",
    Permission.METERS_WRITE,
    summary="Register a meter",
    answer=answers.Meter,
    form=NewMeter,
    status=201,
    conflicts="the key is taken",
)
async def create_meter(call: Call, form: NewMeter) -> answers.Meter:
    """A further daily fact; usage for it arrives through the API."""
    return _meter(await meter_actions.create(call.actor, form))


def _meter(row: meters.Meter) -> answers.Meter:
    return answer(answers.Meter, row)


@service_register(
    "GET",
    "/services",
    Permission.SERVICES_READ,
    summary="List services",
    answer=answers.Page[answers.Service],
    paged=True,
)
async def list_services(call: Call) -> answers.Page[answers.Service]:
    """By code."""
    rows = await services.list_page(call.actor, after=call.after(str), limit=call.limit + 1)
    page, following = cut(rows, call.limit, lambda row: row.code)
    return answers.Page([_service(row) for row in page], following)


@service_register(
    "POST",
    "/services",
    Permission.SERVICES_WRITE,
    summary="Offer a service",
    answer=answers.Service,
    form=NewService,
    status=201,
    conflicts="the code is taken",
)
async def create_service(call: Call, form: NewService) -> answers.Service:
    """What clouds can be charged for, once they have a rate for it."""
    return _service(await service_actions.create(call.actor, form))


@service_register(
    "GET",
    "/services/{code}",
    Permission.SERVICES_READ,
    summary="Read a service",
    answer=answers.Service,
)
async def read_service(call: Call) -> answers.Service:
    """One service by its code."""
    return _service(await services.get(call.actor, call.path["code"]))


@service_register(
    "PATCH",
    "/services/{code}",
    Permission.SERVICES_WRITE,
    summary="Change a service",
    answer=answers.Service,
    form=ServiceChange,
    conflicts="a cloud or a tariff uses the service, and it would measure something else",
)
async def change_service(call: Call, form: ServiceChange) -> answers.Service:
    """How it is called, its list price, and, before it is used, what it measures."""
    return _service(await service_actions.change(call.actor, call.path["code"], form))


def _service(row: services.Service) -> answers.Service:
    return answer(answers.Service, row, list_pricing=row.list_pricing)


@service_register(
    "POST",
    "/usual-services",
    Permission.SERVICES_WRITE,
    summary="Offer the usual services",
    answer=answers.Page[answers.Service],
    form=UsualServices,
    status=201,
    conflicts="a service of that code is there",
)
async def add_usual_services(call: Call, form: UsualServices) -> answers.Page[answers.Service]:
    """The six that nearly every platform sells, or some, with list prices: all of them or none."""
    made = await price_lists.add_services(call.actor, form.services)
    return answers.Page([_service(row) for row in made], None)


@cloud_register(
    "GET",
    "/clouds",
    Permission.CLOUDS_READ,
    summary="List clouds",
    answer=answers.Page[answers.Cloud],
    paged=True,
)
async def list_clouds(call: Call) -> answers.Page[answers.Cloud]:
    """By slug: those that the key may see."""
    rows = await clouds.list_page(call.actor, after=call.after(str), limit=call.limit + 1)
    page, following = cut(rows, call.limit, lambda row: row.slug)
    return answers.Page([_cloud(row) for row in page], following)


@cloud_register(
    "POST",
    "/clouds",
    Permission.CLOUDS_CREATE,
    summary="Make a cloud",
    answer=answers.FoundedCloud,
    form=WholeCloud,
    status=201,
    conflicts="the slug, the invoice prefix or the administrator's address is taken",
    secrets=("link",),
)
async def create_cloud(call: Call, form: WholeCloud) -> answers.FoundedCloud:
    """A new operator. Without `invoice_prefix` one is made from the slug.

    With its `prices` (which take `rates.write`, too) and an invited `administrator` (`users.write`)
    where these are sent: all of it or nothing.
    """
    first = Period.of(local_date(call.now, form.timezone)).start
    try:
        made = await founding.found(
            call.actor,
            form.founding(first),
            now=call.context.machine_clock(),
            post=call.context.post,
        )
    except (Invalid, Conflict) as wrong:
        raise renamed(wrong, SENT_AS) from None
    return answer(answers.FoundedCloud, made.cloud, **invitation_of(made.link, call))


@cloud_register(
    "GET", "/clouds/{cloud}", Permission.CLOUDS_READ, summary="Read a cloud", answer=answers.Cloud
)
async def read_cloud(call: Call) -> answers.Cloud:
    """One operator by its slug."""
    return _cloud(await clouds.get(call.actor, call.cloud))


@cloud_register(
    "PATCH",
    "/clouds/{cloud}",
    Permission.CLOUDS_WRITE,
    Permission.LEVELS_WRITE,
    Permission.SETTINGS_WRITE,
    summary="Change a cloud",
    answer=answers.Cloud,
    form=CloudChange,
    conflicts="the prefix is taken, or currency or zone would change after something was priced",
)
async def change_cloud(call: Call, form: CloudChange) -> answers.Cloud:
    """What is sent is changed, the rest stays.

    A cloud's own administrator changes `level_percents`, its company and how it is paid, its
    accountant the company; the rest is the platform's, and naming the `manager` its
    administrator's.
    """
    return _cloud(await cloud_actions.change(call.actor, call.cloud, form))


def _cloud(row: clouds.Cloud) -> answers.Cloud:
    return answer(answers.Cloud, row)
