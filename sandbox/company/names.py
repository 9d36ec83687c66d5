"""The words that people, companies and articles are named with."""

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


@dataclass(frozen=True, slots=True)
class Country:
    """How often customers come from a country, and how companies are called there."""

    name: str
    weight: int
    families: tuple[str, ...]
    forms: tuple[str, ...]


COUNTRIES = (
    Country(
        "Germany",
        22,
        _words("""Brandt Keller Vogel Hartmann Lorenz Seidel Krüger Winkler Albrecht Busch Dietrich
        Engel Franke Graf Haas Jansen Köhler Lindner Metzger Nowak Otto Pohl Reuter Sauer Thiele
        Ullmann Voigt Wendt Ziegler Rothmann Steinbach Falkenberg Hohenfels Nordwerk Rheintal"""),
        ("GmbH", "AG", "KG"),
    ),
    Country(
        "France",
        16,
        _words("""Lefèvre Moreau Garnier Chevalier Rousseau Blanchard Marchand Perrin Gauthier
        Dumont Fontaine Lambert Mercier Bonnet Delacroix Renard Vasseur Tessier Aubert Collin
        Barbier Carpentier Deschamps Ferrand Guichard Hautmont Joubert Lacombe Beauclair"""),
        ("SARL", "SAS", "SA"),
    ),
    Country(
        "United Kingdom",
        14,
        _words("""Ashworth Bexley Cartwright Dunmore Ellison Fairbank Garrick Hartley Ingleby Jarvis
        Kingsley Langford Merton Northcote Oakley Pemberton Radcliffe Stanton Thornbury Underhill
        Wakefield Yardley Halloway Blackwood Croft Elmhurst Haverford Redgrave Larkfield"""),
        ("Ltd", "plc", "LLP"),
    ),
    Country(
        "Italy",
        11,
        _words("""Bianchi Colombo Ferraro Galli Lombardi Marchetti Moretti Pellegrini Rinaldi
        Santoro Valentini Zanetti Bertolini Caruso Donati Fabbri Grassi Leone Martelli Orsini
        Palmieri Ricci Serra Tedesco Vitale Montefiore Altavilla Campolongo Valverde Bellandi"""),
        ("S.r.l.", "S.p.A."),
    ),
    Country(
        "Spain",
        10,
        _words("""Aguilar Benítez Cabrera Domínguez Escudero Figueroa Gallardo Herrero Iglesias
        Jurado Lozano Medina Navarro Ortega Pascual Quintana Robles Salazar Tejada Vidal Zamora
        Montalbán Castellana Ribera Sotomayor Olivares Valcárcel Miraflores Peñalver Arroyo"""),
        ("S.L.", "S.A."),
    ),
    Country(
        "Netherlands",
        8,
        _words("""Bakker Dekker Hendriks Jacobs Kuiper Meijer Postma Smit Verbeek Visser Willems
        Hoekstra Brouwer Kramer Mulder Peeters Schouten Dijkstra Groenveld Waterman Veldhuis
        Noordzee Oosterhof Zandvoort Amstelveld"""),
        ("B.V.", "N.V."),
    ),
    Country(
        "Poland",
        7,
        _words("""Kowalczyk Wiśniewski Zieliński Szymański Kaczmarek Mazur Krawczyk Grabowski Pawlak
        Michalski Adamczyk Dudek Wróbel Sikora Baran Rutkowski Ostrowski Tomczak Wawel Mazowia
        Pomorze Karpaty Bałtyk Odra"""),
        ("Sp. z o.o.", "S.A."),
    ),
    Country(
        "Sweden",
        5,
        _words("""Ahlström Bergqvist Dahlgren Ekman Forsberg Hedlund Lindahl Nyström Sandberg
        Sjögren Wallin Åkesson Öberg Norrland Mälardal Kullaberg Svea Västkust"""),
        ("AB",),
    ),
    Country(
        "Austria",
        4,
        _words("""Aigner Brunner Egger Gruber Hofer Leitner Mayrhofer Pichler Reiter Steiner
        Wallner Donautal Alpenhof Tauern Wienerwald"""),
        ("GmbH", "KG", "AG"),
    ),
    Country(
        "Belgium",
        3,
        _words("""Claes Declercq Goossens Lambrecht Maes Mertens Vandamme Wouters Dubois Lejeune
        Ardenne Scheldt Brabant Haesen"""),
        ("BV", "NV", "SRL"),
    ),
)

TRADES = {
    "manufacturing": _phrases("Components, Precision, Plastics, Machining, Metalworks, Castings"),
    "construction": _phrases("Construction, Building Services, Facades, Interiors, Civil Works"),
    "healthcare": _phrases("Clinics, Medical, Laboratories, Care Homes, Diagnostics, Dental"),
    "education": _phrases("Academy, Learning, Language Schools, Training, College"),
    "hospitality": _phrases("Hotels, Catering, Restaurants, Resorts, Events"),
    "logistics": _phrases("Logistics, Freight, Warehousing, Forwarding, Transport"),
    "retail": _phrases("Retail, Stores, Markets, Home, Fashion, Foods"),
    "professional services": _phrases("Consulting, Partners, Legal, Architects, Advisory, Audit"),
}

ACCOUNT_MANAGERS = _phrases(
    """Marco Ferri, Elin Berg, Katrin Vogt, Pierre Lemaire, Lucía Romero, Giulia Conti, Daan de Wit,
    Agnieszka Lis, Oliver Grant, Markus Huber, Amélie Claes, Björn Sand"""
)
SUCCESS_MANAGERS = _phrases(
    """Priya Nair, Tomás Ruiz, Nadia Haddad, Felix Baumann, Clara Jensen, Rohan Mehta, Inês Duarte,
    Sven Lund"""
)
CONTACTS = _phrases(
    """Anna, Bruno, Carla, David, Eva, Frank, Greta, Hugo, Irene, Jan, Karin, Leo, Marta, Nils,
    Olivia, Paul, Rosa, Simon, Teresa, Viktor"""
)
COMPETITORS = _phrases("Officium, Papyrus Direkt, Bürohaus24, Kontora, ToolPoint, Safeworks Europe")

BRANDS = {"Kontor": 100, "Atelier": 145}
ARTICLES = {
    "paper": """copy paper pallet 389, notebook 4, envelope pack 12, label roll 9, flip chart 14,
    till roll 3, card sheet 6, index divider 5, desk diary 17, shipping carton 2""",
    "furniture": """office chair 189, standing desk 420, filing cabinet 165, meeting table 540,
    locker 130, workshop stool 75, bookcase 110, room divider 145, whiteboard 88, trolley 235""",
    "electronics": """label printer 149, monitor arm 69, docking station 129, desk phone 85,
    webcam 59, headset 79, surge protector 24, battery charger 35, document scanner 275,
    barcode reader 119""",
    "tools": """torque wrench 92, cordless drill 159, socket set 84, spirit level 22,
    clamp meter 64, heat gun 47, bench vice 105, rivet gun 38, cable cutter 29, step ladder 96""",
    "safety": """nitrile glove pack 11, safety helmet 19, ear defender 16, fire extinguisher 58,
    first aid kit 34, high-visibility vest 8, respirator mask 27, spill kit 71, warning sign 7,
    safety lanyard 43""",
    "cleaning": """floor cleaner canister 21, microfibre cloth pack 9, vacuum cleaner 215,
    mop bucket 39, soap dispenser 26, paper towel pack 31, degreaser spray 8, waste bin 45,
    window squeegee 13, scrubber pad 6""",
}


def articles(category: str) -> list[tuple[str, int]]:
    """Return the articles of a category, each with its price in whole euros."""
    priced = (phrase.rpartition(" ") for phrase in _phrases(ARTICLES[category]))
    return [(name, int(price)) for name, _, price in priced]
