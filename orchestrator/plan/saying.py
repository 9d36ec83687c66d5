"""What is said beside a query that was read: how sure it is, what was assumed, and the answer's
sentence."""

from orchestrator.plan.phrases import first, periods
from orchestrator.plan.reader import Read
from orchestrator.plan.request import Measure, Request


def confidence(read: Read) -> float:
    """0.5 to 0.95: less for each spelling corrected, assumption, guess and warning."""
    assumed = len(read.sketch.assumptions) + bool(read.kept) + bool(read.left_out)
    doubts = len(read.sentence.corrections) * 0.15 + assumed * 0.05 + read.sketch.guesses * 0.15
    doubts += len(read.warnings) * 0.2
    return round(max(0.5, 0.95 - doubts), 2)


def assumptions(read: Read, request: Request, zone: str) -> tuple[str, ...]:
    """What was taken for granted, each in a few words."""
    said = [read.narrowed] if read.narrowed else []
    said += [f"kept from before: {', '.join(read.kept)}"] if read.kept else []
    said += [f"left out, as it does not apply here: {', '.join(read.left_out)}"] * bool(
        read.left_out
    )
    if read.anew:
        said.append(f"{first(read.anew)} of all rows that match, not of those shown before")
    said += [f"read “{wrong}” as “{right}”" for wrong, right in read.sentence.corrections]
    said += _metrics(read, request)
    said += [f"“{c.text}” is {c.period} ({zone})" for c in read.sentence.chunks if c.period]
    said += read.sketch.assumptions
    counted = not request.share and any(one.expression == "COUNT(*)" for one in request.measures)
    if request.order and not request.descending and counted:
        said.append("those that have none are left out")
    return tuple(dict.fromkeys(said))


def template(request: Request) -> str:
    """The answer's sentence with `{column}` for its numbers, or nothing."""
    if not request.measures:
        return ""
    first = request.measures[0]
    if request.share == "part":
        return "" if request.groups else f"{{percent}} % of the {first.words}."
    value = f"{{{first.name}}}" + (f" {first.unit}" if first.unit else "")
    if not request.groups and len(request.measures) == 1:
        said = periods(request, first)[: 1 if request.against else None]
        when = f" {said[0].text}" if len(said) == 1 else ""
        then = f", against {value.replace('}', '_before}', 1)}" if request.against else ""
        return f"{_counted(first, value)}{when}{then}."
    if request.per_group:
        return ""
    if isinstance(request.order, Measure) and request.order.name == first.name:
        group = request.groups[0]
        named = "{" + (group.grain or group.field) + "}"
        return f"{named} {'leads' if request.descending else 'comes last'} with {value}."
    return ""


def _metrics(read: Read, request: Request) -> list[str]:
    words, model = read.sketch.words, read.sketch.model
    measured = {measure.name for measure in request.measures}
    measured |= {scope.metric.name for scope in request.scopes if scope.metric}
    said: list[str] = []
    for at in words.of("metric"):
        text, metric = words.chunks[at].text, model.metric(words.terms(at)[0].name)
        if metric and metric.name in measured:
            spoken = metric.name.replace("_", " ")
            called = "" if text == spoken else f"{spoken}: "
            said.append(f"“{text}” is {called}{metric.expression}")
    return said


def _counted(measure: Measure, value: str) -> str:
    if measure.unit:
        return f"{value} of {measure.words}"
    if measure.expression.startswith("COUNT"):
        return f"{value} {measure.words}"
    return f"The {measure.words} is {value}"
