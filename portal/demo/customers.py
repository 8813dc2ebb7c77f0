"""The subscribers of the demo's clouds, and what happens to some of their cameras. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.demo.months import When

START: Final[When] = (0, 1)


@dataclass(frozen=True, slots=True)
class Customer:
    """A subscriber with so many cameras on one tariff, from a day on.

    `kind` says what its cameras look at. `depth` is how many days the cameras really keep, where
    that is not what the tariff includes: such a customer costs more than it seems. `managed` is by
    the cloud's account manager. One that is `joined` by further cameras has so many more, all from
    one day on. Homes have no tax number.
    """

    name: str
    kind: str
    address: str
    tariff: str
    cameras: int
    since: When = START
    discount: str = "0"
    referral: str | None = None
    managed: bool = False
    tax_exempt: bool = False
    depth: int = 0
    joined: tuple[When, int] | None = None


# The number of a subscriber is its place in the list. Sue, the first, has no cameras here: hers are
# the worked example's.
NORTH: Final = (
    Customer("Sue Bianchi", "home", "Via del Ciliegio 7, 28100 Novara NO", "home-7", 0,
             discount="10", referral="rex"),
    Customer("Panetteria Tre Spighe", "shop", "Via dei Mulini 31, 20900 Monza MB", "shop-14", 6,
             referral="rex"),
    Customer("Ferramenta Vite Lunga", "shop", "Corso Lima 18, 10121 Torino TO", "shop-14", 5,
             managed=True),
    Customer("Ottica Luce Obliqua", "shop", "Via Diottria 4, 24121 Bergamo BG", "shop-14", 8,
             discount="25", referral="tess", depth=30),
    Customer("Libreria Segnalibro Perso", "shop", "Piazza Carta 2, 27100 Pavia PV", "archive-60",
             4),
    Customer("Farmacia Foglia Tonda", "shop", "Viale Menta 55, 20121 Milano MI", "business-30", 9,
             managed=True),
    Customer("Gelateria Neve di Giugno", "shop", "Via Panna 9, 16121 Genova GE", "shop-14", 5,
             since=(0, 12), referral="pia"),
    Customer("Macelleria Filo Dritto", "shop", "Via Ceppo 12, 21100 Varese VA", "shop-14", 5),
    Customer("Fioreria Petalo Ritorto", "shop", "Via Serra 3, 22100 Como CO", "archive-60", 3),
    Customer("Parcheggio Torre Storta", "parking", "Via Sosta 1, 40121 Bologna BO", "home-7", 14,
             discount="15", managed=True, depth=14),
    Customer("Scuola Media Colle Quadro", "school", "Via Gessetto 20, 25121 Brescia BS",
             "business-30", 16, discount="10", managed=True, tax_exempt=True),
    Customer("Azienda Agricola Solco Largo", "farm", "Strada Aratro 8, 26100 Cremona CR", "home-7",
             12, referral="rex"),
    Customer("Cascina Acqua Ferma", "farm", "Strada Fosso 2, 13100 Vercelli VC", "home-3", 8,
             discount="25", referral="pia", depth=7),
    Customer("Officina Bullone Verde", "works", "Via Incudine 44, 41121 Modena MO", "shop-14", 7),
    Customer("Studio Notarile Ceralacca", "office", "Via Timbro 6, 20121 Milano MI", "business-30",
             5, discount="5"),
    Customer("Ambulatorio Molare", "office", "Via Smalto 15, 10121 Torino TO", "shop-14", 4),
    Customer("Condominio Girasoli Bassi", "building", "Via Pianerottolo 30, 20900 Monza MB",
             "home-7", 9, managed=True),
    Customer("Condominio Betulle 21", "building", "Via Betulle 21, 28100 Novara NO", "home-7", 7),
    Customer("Albergo Lago Quieto", "hotel", "Lungolago Remo 5, 28838 Stresa VB", "business-30", 18,
             discount="12", referral="rex"),
    Customer("Agriturismo Quattro Querce", "hotel", "Strada Ghianda 1, 14100 Asti AT", "shop-14", 9,
             referral="tess"),
    Customer("Magazzini Ruota Quadra", "warehouse", "Via Bancale 100, 29121 Piacenza PC",
             "business-30", 20, discount="15", managed=True),
    Customer("Trasporti Freccia Calma", "warehouse", "Via Cambio 66, 37121 Verona VR", "archive-60",
             14),
    Customer("Cantiere Molo Nuovissimo", "works", "Molo 9, 16121 Genova GE", "home-7", 6,
             since=(0, 8)),
    Customer("Cantina Vigna Storta", "farm", "Strada Tralcio 7, 12051 Alba CN", "shop-14", 10),
    Customer("Palestra Passo Svelto", "office", "Via Pesi 11, 35121 Padova PD", "business-30", 6,
             since=(1, 10)),
    Customer("Asilo Coccinella Gialla", "school", "Via Altalena 2, 38121 Trento TN", "shop-14", 6,
             discount="10"),
    Customer("Villa Zafferano", "home", "Via Curcuma 17, 18038 Sanremo IM", "home-3", 4),
    Customer("Casa Rondine", "home", "Via Grondaia 3, 24121 Bergamo BG", "home-7", 3,
             referral="rex"),
    Customer("Baita Fiocco Tardivo", "home", "Frazione Slitta 4, 11100 Aosta AO", "home-3", 4),
    Customer("Supermercato Cesta Piena", "shop", "Viale Carrello 80, 20121 Milano MI",
             "business-30", 17, discount="18", referral="tess", managed=True),
    Customer("Gioielleria Goccia Opaca", "shop", "Via Caratura 5, 36100 Vicenza VI", "business-30",
             7),
    Customer("Autolavaggio Bolla Grande", "parking", "Via Spugna 22, 43121 Parma PR", "shop-14", 6,
             since=(1, 5)),
    Customer("Vivaio Terra Umida", "farm", "Strada Vaso 13, 51100 Pistoia PT", "archive-60", 8),
    Customer("Tipografia Carattere Mobile", "works", "Via Piombo 10, 50121 Firenze FI", "home-7",
             4),
    Customer("Teatro Sipario Basso", "office", "Piazza Quinta 1, 34121 Trieste TS", "shop-14", 8,
             discount="10"),
    Customer("Piscina Onda Corta", "office", "Via Vasca 25, 47921 Rimini RN", "shop-14", 7,
             since=(1, 18)),
    Customer("Lavanderia Nodo Bianco", "shop", "Via Molletta 8, 15121 Alessandria AL", "home-7", 3,
             since=(2, 3), referral="pia"),
    Customer("Carrozzeria Parafango Lieto", "works", "Via Stucco 19, 42121 Reggio Emilia RE",
             "archive-60", 5, since=(2, 9)),
    Customer("Villa dei Tigli Corti", "home", "Via Corteccia 6, 21100 Varese VA", "home-7", 3),
    Customer("Casa Pettirosso", "home", "Via Siepe 14, 22100 Como CO", "home-7", 3, since=(2, 12)),
)  # fmt: skip
SOUTH: Final = (
    Customer("Juniper Loaf Bakery", "shop", "18 Crumb Street, Albany, NY 12207", "store-14", 4),
    Customer("Copper Ladle Diner", "shop", "402 Skillet Avenue, Syracuse, NY 13202", "store-14", 5,
             referral="liz"),
    Customer("Longfield Bent Orchard", "farm", "77 Windfall Road, Ithaca, NY 14850", "yard-7", 6),
    Customer("Blue Heron Lockers", "warehouse", "9 Padlock Way, Newark, NJ 07102", "campus-30", 9,
             discount="10"),
    Customer("Maple Hollow School", "school", "1 Chalk Lane, Hartford, CT 06103", "campus-30", 8,
             tax_exempt=True),
    Customer("Slanted Row Parking", "parking", "55 Bumper Street, Boston, MA 02108", "yard-7", 6,
             depth=14),
    Customer("Tin Thimble Hardware", "shop", "230 Washer Street, Buffalo, NY 14202", "archive-100",
             4),
    Customer("Quarry Lantern Motel", "hotel", "6 Gravel Pike, Scranton, PA 18503", "store-14", 6,
             referral="liz"),
    Customer("Sparrow Cottage", "home", "12 Thicket Lane, Nyack, NY 10960", "yard-7", 3),
    Customer("Dog-Ear Books", "shop", "88 Margin Street, Providence, RI 02903", "archive-100", 3),
    Customer("Bright Puddle Car Wash", "parking", "310 Sponge Avenue, Yonkers, NY 10701",
             "store-14", 4, since=(1, 9)),
    Customer("Fennel & Flint Market", "shop", "41 Basket Street, Brooklyn, NY 11201", "campus-30",
             3, discount="20", joined=((2, 13), 4)),
)  # fmt: skip
CUSTOMERS: Final = {"north": NORTH, "south": SOUTH}


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An organization in a cloud's Watcher that nobody has mapped: what it is called there.

    Cameras of its own it has `cameras`, on the preset of a tariff from a day on.
    """

    name: str
    kind: str = ""
    tariff: str = ""
    cameras: int = 0
    since: When = START


# North's has what comes back from customers, South's is a customer whom nobody has taken on yet.
UNMAPPED: Final = {
    "north": Unmapped("Returned equipment, North"),
    "south": Unmapped("Night Kettle Laundry", "shop", "store-14", 3, since=(2, 20)),
}
OUTAGES: Final[dict[str, When]] = {"south": (2, 18)}
"""The day on which a cloud's Watcher stood still: it recorded nothing, and nobody could read it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a camera, named by its customer and place: its subscription ends on a day.

    With a `tariff` or another customer to move to, another begins on the same day. A camera that
    `records_on` without one is paid for by nobody.
    """

    customer: str
    place: str
    when: When
    tariff: str | None = None
    moves_to: str | None = None
    records_on: bool = False


EVENTS: Final = (
    Event("Panetteria Tre Spighe", "Till 1", (1, 11), tariff="business-30"),
    Event("Tipografia Carattere Mobile", "Yard", (2, 6), tariff="home-3"),
    Event("Cascina Acqua Ferma", "Barn", (2, 10), tariff="home-7"),
    Event("Cantiere Molo Nuovissimo", "Mast", (2, 15), moves_to="Officina Bullone Verde"),
    Event("Albergo Lago Quieto", "Terrace", (1, 20)),
    Event("Magazzini Ruota Quadra", "Aisle 2", (1, 24), records_on=True),
    Event("Copper Ladle Diner", "Back door", (1, 21), tariff="archive-100"),
    Event("Longfield Bent Orchard", "Barn", (2, 12), moves_to="Sparrow Cottage"),
    Event("Blue Heron Lockers", "Aisle 1", (2, 17)),
)
