"""Words, prefixes and suffixes by which columns tell what they are.

English, German and French, and Robyn's own suffixes. A deployment or a
person may give other rules: `read` takes what is given on top of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from mmmflow.domain import column_names

Role = Literal[
    "date",
    "country",
    "revenue",
    "conversion",
    "paid_spend",
    "paid_exposure",
    "organic",
    "context",
    "factor",
    "outcome",
    "ignored",
]
ROLES: tuple[Role, ...] = get_args(Role)

# In the order in which they are asked: newsletter_cost is spend before it is
# organic, organic_clicks organic before it is an exposure.
_WORDS: Mapping[Role, tuple[str, ...]] = {
    "ignored": (
        "id", "uuid", "key", "url", "comment", "comments", "kommentar",
        "note", "notes", "bemerkung", "commentaire", "updated", "loaded",
        "created", "inserted", "etl", "currency", "waehrung", "devise",
        "unnamed", "total spend", "spend total", "gesamtkosten",
        "gesamtbudget", "year", "jahr", "annee", "quarter", "quartal",
        "trimestre", "cost per", "cpc", "cpm", "cpa", "ctr", "roas", "roi",
    ),
    "paid_spend": (
        "spend", "spends", "spending", "spent", "cost", "costs", "kosten",
        "budget", "ausgaben", "ausgabe", "depense", "depenses", "cout",
        "couts", "invest", "investment", "investition", "investissement",
        "investissements", "expense", "expenditure", "werbekosten",
        "mediakosten", "amount",
    ),
    "organic": (
        "organic", "organisch", "organique", "newsletter", "newsletters",
        "email", "emails", "mailing", "mailings", "seo", "crm", "push",
        "blog", "pr", "earned", "owned", "posts", "sends", "versand",
    ),
    "context": (
        "price", "preis", "prix", "discount", "rabatt", "remise",
        "temperature", "temperatur", "weather", "wetter", "meteo", "rain",
        "regen", "pluie", "sunshine",
        "cpi", "inflation", "unemployment", "arbeitslosigkeit", "chomage",
        "gdp", "bip", "pib", "consumer confidence", "index", "covid",
        "lockdown", "mobility", "distribution", "stores", "filialen",
        "magasins", "stock", "lager", "promo", "promotion", "promotions",
        "aktion", "category demand", "search trend", "trends", "market size",
    ),
    "paid_exposure": (
        "impressions", "impression", "impr", "imps", "imp", "impressionen",
        "clicks", "click", "klicks", "klick", "clics", "clic", "views",
        "view", "vues", "grp", "grps", "trp", "trps", "reach", "reichweite",
        "kontakte", "contacts", "exposure", "exposures", "completes",
        "sichtkontakte", "einblendungen", "couverture", "spots", "auflage",
    ),
    "revenue": (
        "revenue", "revenues", "umsatz", "umsaetze", "turnover", "sales",
        "gmv", "chiffre affaires", "chiffre d affaires", "ca", "erloes",
        "erloese", "income", "order value", "ventes", "verkaeufe", "einnahmen",
    ),
    "conversion": (
        "conversion", "conversions", "orders", "order", "bestellungen",
        "commandes", "leads", "lead", "signups", "signup", "anmeldungen",
        "registrations", "registrierungen", "inscriptions", "installs",
        "downloads", "transactions", "purchases", "kaeufe", "achats",
        "units", "absatz", "volume", "subscriptions", "abos", "abonnements",
        "customers", "neukunden", "bookings", "buchungen", "reservations",
    ),
    "outcome": (
        "sessions", "visits", "visitors", "besuche", "besucher", "visites",
        "traffic", "pageviews", "users", "nutzer", "footfall", "basket",
        "carts",
    ),
    "factor": (
        "event", "events", "ereignis", "evenement", "evenements", "holiday",
        "holidays", "feiertag", "feiertage", "ferie", "feries", "campaign",
        "kampagne", "campagne", "season", "saison", "flag", "phase",
    ),
    "date": (
        "date", "datum", "day", "tag", "jour", "ds", "week", "woche",
        "semaine", "kw", "month", "monat", "mois", "period", "periode",
        "time", "zeit", "zeitraum", "dt", "weekstart", "timestamp",
    ),
    "country": (
        "country", "land", "pays", "market", "markt", "marche", "geo",
        "region", "territory", "iso", "laendercode",
    ),
}  # fmt: skip
# Whose numbers are not ours: context, whatever else the name says.
_OTHERS = (
    "competitor", "competitors", "competition", "wettbewerb", "wettbewerber",
    "konkurrenz", "concurrent", "concurrents", "concurrence",
)  # fmt: skip
_SUFFIXES: Mapping[str, Role] = {
    "s": "paid_spend",
    "i": "paid_exposure",
    "p": "paid_exposure",
    "c": "paid_exposure",
    "b": "context",
    "o": "organic",
}
# Channels by the words that name them, and the preset of ranges for each.
_MEDIA: Mapping[str, tuple[str, ...]] = {
    "tv": ("tv", "television", "fernsehen", "linear", "tele"),
    "ooh": ("ooh", "dooh", "outdoor", "plakat", "affichage", "billboard",
            "aussenwerbung", "posters"),
    "print": ("print", "zeitung", "presse", "press", "magazine",
              "zeitschriften", "newspaper", "prospekt", "flyer", "beilagen"),
    "radio": ("radio", "audio", "spotify", "podcast", "hoerfunk"),
    "video": ("video", "youtube", "yt", "olv", "ctv", "vod", "bvod"),
    "search": ("search", "sea", "sem", "adwords", "google", "bing", "brand",
               "generic", "shopping", "ppc", "pmax", "recherche"),
    "social": ("social", "facebook", "fb", "instagram", "insta", "ig", "meta",
               "tiktok", "linkedin", "pinterest", "snapchat", "snap",
               "twitter", "reddit"),
    "display": ("display", "banner", "programmatic", "dv", "gdn", "criteo",
                "retargeting", "remarketing", "native"),
    "other": ("affiliate", "affiliates", "influencer", "influencers",
              "sponsoring", "sponsorship", "cinema", "kino", "direct",
              "postal", "preisvergleich", "media"),
}  # fmt: skip
# Words that say how a number is counted, not what it is of.
_UNITS = (
    "eur", "euro", "usd", "gbp", "chf", "dollar", "k", "tsd", "mio", "m",
    "in", "net", "netto", "gross", "brutto", "ttc", "ht", "of", "the", "de",
    "du", "des", "d", "la", "le", "les", "fuer", "und", "and", "ads", "ad",
    "value", "wert", "number", "anzahl", "nombre", "sum", "summe", "total",
    "gesamt", "paid", "werbung", "werbe",
)  # fmt: skip


@dataclass(frozen=True)
class NamingRules:
    """`words`, `prefixes` and `suffixes` lead to roles, `media` to kinds.

    A suffix is the last word of a name, a prefix its first. `others` are
    words of competitors, whose numbers are context.
    """

    words: Mapping[Role, Sequence[str]] = field(default_factory=lambda: _WORDS)
    prefixes: Mapping[str, Role] = field(default_factory=dict)
    suffixes: Mapping[str, Role] = field(default_factory=lambda: _SUFFIXES)
    media: Mapping[str, Sequence[str]] = field(default_factory=lambda: _MEDIA)
    units: Sequence[str] = _UNITS
    others: Sequence[str] = _OTHERS


DEFAULT = NamingRules()


@dataclass(frozen=True)
class Named:
    """What a name says: its role and the word that told, the medium's kind.

    `channel` are the words that are left, without role and units.
    """

    role: Role | None
    why: str
    kind: str | None
    channel: tuple[str, ...]


def read(given: Mapping[str, Any]) -> NamingRules:
    """The rules of a document naming_rules.json, on top of the usual.

    Prefixes and suffixes replace the usual ones where they are given; words
    and media are added, before the usual.
    """
    return NamingRules(
        words=_added(_WORDS, given.get("words", {})),
        prefixes=given.get("prefixes", {}),
        suffixes=given.get("suffixes", _SUFFIXES),
        media=_added(_MEDIA, given.get("media", {})),
        units=(*_UNITS, *given.get("units", ())),
    )


def interpret(name: str, rules: NamingRules = DEFAULT) -> Named:
    """What the name says: by its prefix, its suffix, then its words."""
    words = column_names.words(name)
    channel = _channel(words, rules)
    kind = _kind(channel, rules)
    if len(words) > 1 and words[0] in rules.prefixes:
        why = f"its prefix {words[0]!r}"
        left = column_names.without(words[1:], rules.units)
        return Named(rules.prefixes[words[0]], why, kind, left)
    suffix = words[-1] if len(words) > 1 else ""
    # Set off by _, as facebook_S: the C of °C is a unit.
    if suffix in rules.suffixes and name.lower().endswith(f"_{suffix}"):
        role = rules.suffixes[suffix]
        left = _channel(words[:-1], rules)
        return Named(role, f"its suffix {suffix!r}", kind, left)
    asked: list[tuple[Role, Sequence[str]]] = [
        ("context", rules.others),
        *rules.words.items(),
    ]
    for role, known in asked:
        if role == "organic" and "paid" in words:
            continue
        for word in known:
            if column_names.contains(words, word):
                why = f"the word {word!r} in its name"
                return Named(role, why, kind, channel)
    return Named(None, "", kind, channel)


def _kind(words: tuple[str, ...], rules: NamingRules) -> str | None:
    return next(
        (
            kind
            for word in words
            for kind, known in rules.media.items()
            if any(column_names.contains((word,), one) for one in known)
        ),
        None,
    )


def _channel(words: tuple[str, ...], rules: NamingRules) -> tuple[str, ...]:
    spare = {
        word
        for role in ("paid_spend", "paid_exposure")
        for word in rules.words.get(role, ())
    }
    kept = column_names.without(words, {*spare, *rules.units})
    stems = [word for word in spare if len(word) >= 5]
    return tuple(_stripped(word, stems) for word in kept)


def _stripped(word: str, stems: Sequence[str]) -> str:
    """`tvkosten` → `tv`: a compound without what says its role."""
    for stem in stems:
        if word.endswith(stem) and len(word) > len(stem) + 1:
            return word.removesuffix(stem)
    return word


def _added(
    usual: Mapping[Any, Sequence[str]], given: Mapping[Any, Sequence[str]]
) -> dict[Any, Sequence[str]]:
    both = {key: (*given.get(key, ()), *known) for key, known in usual.items()}
    return {**both, **{k: v for k, v in given.items() if k not in usual}}
