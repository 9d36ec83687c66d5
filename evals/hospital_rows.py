"""A hospital for the evals: the same day always gives the same rows of its model's entities."""

# ruff: noqa: S311

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

DAYS = 760
PATIENTS, STAYS, APPOINTMENTS, RESULTS, COMMENTS = 320, 900, 1600, 2400, 260
DEPARTMENTS = {
    "cardiology": ("north wing", 28),
    "oncology": ("south wing", 22),
    "surgery": ("north wing", 41),
    "pediatrics": ("annex", 17),
    "neurology": ("south wing", 19),
    "orthopedics": ("north wing", 33),
}
DOCTORS = (
    "Adler Amari Barros Brandt Calder Cho Dahl Dorsey Ekberg Farouk Gallo Haines Ito Jansen Kowal "
    "Lindt Moreau Nakata Okafor Petrov Quinn Rossi Sandoval Tamm Ueda Varga"
).split()
FAMILIES = (
    "Abbot Berg Conti Duval Egan Falk Greco Holm Ivers Jung Kral Lund Meyer Novak Orr".split()
)
RANGES = {
    "glucose": (4.0, 9.5),
    "hemoglobin": (9.0, 17.0),
    "potassium": (3.0, 5.8),
    "cholesterol": (3.2, 7.9),
    "creatinine": (50.0, 140.0),
}
THEMES = {
    "food": ("The meals were cold every evening.", "Breakfast was tasteless and came late."),
    "noise": ("Could not sleep, the corridor was loud all night.", "Alarms rang until morning."),
    "kind nurses": ("The nurses were warm and patient.", "Lovely nursing staff, thank you all."),
    "long waiting": ("Waited four hours before anyone came.", "Endless queue in the hall."),
    "parking": ("There was nowhere to leave the car.", "The garage was full and expensive."),
    "discharge papers": ("My discharge letter was missing.", "Papers had the wrong medication."),
}
Rows = list[dict[str, Any]]


def hospital(today: date) -> Mapping[str, Rows]:
    """The rows of each entity as of noon UTC of `today`; feedback also bears its `theme`."""
    draw = Random("hospital 7")
    departments = [
        {"department_id": number, "name": name, "building": building, "beds": beds}
        for number, (name, (building, beds)) in enumerate(DEPARTMENTS.items(), 1)
    ]
    doctors = [_doctor(draw, today, number, name) for number, name in enumerate(DOCTORS, 1)]
    patients = [_patient(draw, today, number) for number in range(1, PATIENTS + 1)]
    regulars = patients[: int(PATIENTS * 0.85)]
    stays = [_stay(draw, today, at, regulars, doctors) for at in range(1, STAYS + 1)]
    return {
        "patient": patients,
        "department": departments,
        "doctor": doctors,
        "stay": stays,
        "appointment": [
            _appointment(draw, today, at, regulars, doctors) for at in range(1, APPOINTMENTS + 1)
        ],
        "lab_result": [_result(draw, today, at, regulars) for at in range(1, RESULTS + 1)],
        "feedback": [_feedback(draw, today, at, stays) for at in range(1, COMMENTS + 1)],
    }


def _moment(draw: Random, today: date, ahead: int = 0) -> datetime:
    """An instant of the last two years; with `ahead`, up to so many days from now."""
    day = today - timedelta(days=draw.randint(1 - ahead, DAYS))
    return datetime.combine(day, time(7), UTC) + timedelta(minutes=draw.randint(0, 600))


def _doctor(draw: Random, today: date, number: int, name: str) -> dict[str, Any]:
    hired = today - timedelta(days=draw.randint(60, 4000))
    gone = draw.random() < 0.15
    return {
        "doctor_id": number,
        "department_id": (number - 1) % len(DEPARTMENTS) + 1,
        "name": f"Dr {name}",
        "grade": draw.choices(["consultant", "registrar", "resident"], [3, 4, 4])[0],
        "hired_on": hired,
        "left_on": hired + (today - hired) * 0.8 if gone else None,
    }


def _patient(draw: Random, today: date, number: int) -> dict[str, Any]:
    return {
        "patient_id": number,
        "record_number": f"MRN-{number:05d}",
        "full_name": f"{draw.choice('ABCDEFGHJKLM')}. {draw.choice(FAMILIES)}",
        "phone": f"555-{draw.randint(1000, 9999)}",
        "sex": draw.choice(["female", "male"]),
        "age": draw.randint(0, 96),
        "city": draw.choices(
            ["Northport", "Easton", "Millbrook", "Harrow", "Ashford"], [9, 6, 4, 3, 2]
        )[0],
        "insurance": draw.choices(["public", "private", "self-pay"], [70, 22, 8])[0],
        "blood_group": draw.choices(["A", "B", "AB", "O"], [40, 12, 5, 43])[0],
        "is_smoker": draw.random() < 0.23,
        "registered_on": today - timedelta(days=draw.randint(1, DAYS + 900)),
    }


def _stay(
    draw: Random, today: date, number: int, patients: Sequence[Any], doctors: Sequence[Any]
) -> dict[str, Any]:
    patient, doctor = patients[int(len(patients) * draw.random() ** 1.7)], draw.choice(doctors)
    admitted, nights = _moment(draw, today), draw.randint(1, 6) + int(draw.expovariate(0.3))
    discharged = admitted + timedelta(days=nights, hours=draw.randint(-3, 3))
    still_in = discharged >= datetime.combine(today, time(9), UTC)
    outcomes = ["recovered", "improved", "unchanged", "died"]
    return {
        "stay_id": number,
        "patient_id": patient["patient_id"],
        "department_id": doctor["department_id"],
        "doctor_id": doctor["doctor_id"],
        "kind": draw.choices(["emergency", "elective", "transfer"], [5, 4, 1])[0],
        "outcome": None if still_in else draw.choices(outcomes, [50, 33, 14, 3])[0],
        "admitted_at": admitted,
        "discharged_at": None if still_in else discharged,
        "nights": (today - admitted.date()).days if still_in else nights,
        "cost": Decimal(nights * draw.randint(31_000, 94_000) + draw.randint(0, 99)).scaleb(-2),
    }


def _appointment(
    draw: Random, today: date, number: int, patients: Sequence[Any], doctors: Sequence[Any]
) -> dict[str, Any]:
    at = _moment(draw, today, ahead=45)
    coming = at >= datetime.combine(today, time(9), UTC)
    status = draw.choices(["kept", "cancelled", "no-show"], [76, 13, 11])[0]
    status = "booked" if coming else status
    return {
        "appointment_id": f"A-{number:05d}",
        "patient_id": draw.choice(patients)["patient_id"],
        "doctor_id": draw.choice(doctors)["doctor_id"],
        "status": status,
        "kind": draw.choices(["first visit", "check-up", "vaccination"], [3, 5, 2])[0],
        "scheduled_at": at,
        "waiting_minutes": int(draw.expovariate(1 / 22)) if status == "kept" else None,
    }


def _result(draw: Random, today: date, number: int, patients: Sequence[Any]) -> dict[str, Any]:
    analyte = draw.choice(list(RANGES))
    low, high = RANGES[analyte]
    return {
        "result_id": number,
        "patient_id": draw.choice(patients)["patient_id"],
        "analyte": analyte,
        "flag": draw.choices(["normal", "high", "low", "critical"], [68, 15, 12, 5])[0],
        "value": round(draw.uniform(low, high), 1),
        "turnaround_hours": round(draw.uniform(0.5, 30), 1),
        "taken_at": _moment(draw, today),
    }


def _feedback(draw: Random, today: date, number: int, stays: Sequence[Any]) -> dict[str, Any]:
    stay = draw.choice(stays)
    theme = draw.choice(list(THEMES))
    written = stay["admitted_at"] + timedelta(days=stay["nights"] + draw.randint(1, 9))
    stars = draw.choice([4, 5]) if theme == "kind nurses" else draw.randint(1, 4)
    return {
        "feedback_id": f"F-{number:04d}",
        "patient_id": stay["patient_id"],
        "department_id": stay["department_id"],
        "stars": stars,
        "written_at": min(written, datetime.combine(today, time(8), UTC)),
        "text": draw.choice(THEMES[theme]),
        "theme": theme,
    }
