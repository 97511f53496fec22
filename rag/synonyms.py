"""Words with which questions ask for what tables call otherwise: "earn" for Salary, "kilometres" for Mileage (km)."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from rag.terms import terms


def _stems(*lines: str) -> frozenset[str]:
    return frozenset(stem for line in lines for stem in terms(line))


_THINGS = (
    _stems(
        "employee employees staff people person persons colleague colleagues member members team",
        "mitarbeiter mitarbeiterin mitarbeitende personal personen leute kollegen",
    ),
    _stems("price prices cost costs amount total fee fees charge preis preise kosten kostet kostete betrag gebühr"),
    _stems("expense expenses spend spending expenditure cost costs ausgaben kosten"),
    _stems(
        "salary salaries wage wages pay pays paid earn earns earned earner",
        "gehalt gehälter lohn löhne verdienst verdient verdienen bezahlen",
    ),
    _stems("revenue revenues turnover sales amount total umsatz umsätze erlös erlöse einnahmen betrag"),
    _stems("car cars vehicle vehicles fleet auto autos wagen fahrzeug fahrzeuge plate kennzeichen"),
    _stems("driver drivers drive drives drove driven fahrer fahrerin fährt fuhr gefahren"),
    _stems(
        "live lives lived living reside resides located location country city town address residence",
        "wohnt wohnen wohnort wohnhaft land stadt ort adresse anschrift",
    ),
    _stems("work works worked working employer company firm arbeitet arbeiten arbeitgeber firma unternehmen"),
    _stems("phone telephone mobile telefon telefonnummer handy rufnummer"),
    _stems("email e-mail mail"),
    _stems("customer customers client clients buyer buyers kunde kunden kundin"),
)
_MEASURES = (
    _stems("distance mileage odometer km kilometre kilometres kilometer kilometers kilometerstand laufleistung"),
    _stems(
        "temperature temperatures degree degrees hot hottest warm warmest cold coldest",
        "temperatur temperaturen grad heiß heißeste heißesten wärmste kälteste",
    ),
    _stems("weight gewicht kg kilogram kilograms kilogramm kilo heavy heaviest lightest schwerste leichteste"),
)


def widened(words: AbstractSet[str]) -> frozenset[str]:
    """Stems (rag.terms) with all that mean the same as one of them."""
    return _with(words, (*_THINGS, *_MEASURES))


def widened_by_measure(words: AbstractSet[str]) -> frozenset[str]:
    """Stems with all that measure the same as one of them: "kilometres" with "mileage"."""
    return _with(words, _MEASURES)


def _with(words: AbstractSet[str], groups: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(words).union(*(group for group in groups if group & words))
