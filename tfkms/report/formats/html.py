"""The report as one page of HTML: the counts, the findings with their statements, who may do what with each key.

It is whole without scripts and styles; with a script it can be filtered. `tfkms/report/page.py` says what keeps it
harmless.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from tfkms import catalogue
from tfkms.catalogue import Rule
from tfkms.finding import Finding, Report, Verdict
from tfkms.location import Origin
from tfkms.queries.access import Column, column_of
from tfkms.report import alike, page, rows, sentences
from tfkms.report.display import told
from tfkms.report.guardrails import reading
from tfkms.report.matrix import About, Picture, all_open, pictures
from tfkms.report.source_lines import Excerpt, excerpts
from tfkms.report.statements import excerpt
from tfkms.report.view import View, counting, errors, explaining, of_input, paths, waived, warnings

FEW = 30
"""So many findings are shown with their statements; of more, each has them one click away."""

LINE = 160
"""The width of lines of the source: a page has room, and moves them sideways where it has not."""


class Statement(Struct, frozen=True):
    """A statement that decides: where it stands, and what it says, unless that is told with another finding.

    `written` are the lines of the source, each stretch with the place that it stands at, in which the elements are
    marked that the finding is about.
    """

    standing: str
    source: str
    assumed: str
    lines: tuple[str, ...]
    left: int
    hidden: bool
    above: str
    written: tuple[tuple[str, Excerpt], ...]


class Told(Struct, frozen=True):
    """Findings that are alike, as one.

    `pages` are the guardrails with the addresses of their pages, where the settings name them; else `explaining` is the
    command that prints them. `what` and `who` are what searches for a
    key and for a principal look in.
    """

    anchor: str
    group: Sequence[Finding]
    first: Finding
    message: str
    requests: tuple[str, ...]
    needs: tuple[str, ...]
    statements: tuple[Statement, ...]
    remedy: str
    keys: tuple[tuple[str, str], ...]
    pages: tuple[tuple[str, str], ...]
    explaining: str
    stops: bool
    what: str
    who: str


class Judged(Struct, frozen=True):
    """What one guardrail said, in numbers of subjects."""

    check: str
    title: str
    severity: str
    url: str
    counts: tuple[int, ...]


def render(report: Report, view: View) -> str:
    """The page."""
    groups = list(alike.alike(counting(report)))
    anchors = _anchors(groups)
    drawn = pictures(view.access, list(catalogue.actions().values()), _cells(report, groups, anchors, view.rules))
    return page.render(
        "report.html",
        title=title(report),
        judged=sentences.judged(report),
        gate=sentences.gate(report, view.gate),
        tally=sentences.tally(report),
        judgements=list(_judgements(report, view)),
        verdicts=[(verdict.value, _VERDICTS[verdict]) for verdict in _VERDICTS],
        findings=list(_findings(groups, anchors, drawn, report, view)),
        few=len(groups) <= FEW,
        many=len(groups) > FEW or not all_open(drawn),
        severities=[word for word in ("critical", "high", "medium", "low") if word in _severities(report)],
        pictures=drawn,
        columns=list(rows.HEADS.items()),
        pages=bool(view.pages),
        inputs=report.inputs,
        errors=[told(item, paths(report)) for item in errors(report)],
        warnings=[told(item, paths(report)) for item in warnings(report)],
        waived=[
            (of_input(report, own.input), own, sentences.waiver(own.waived)) for own in waived(report) if own.waived
        ],
        notes=[(of_input(report, own.input), own) for own in alike.notes(report.notes)],
        unseen=[of_input(report, policy.input) + sentences.unseen(policy) for policy in report.unseen],
        remarks=list(filter(None, [sentences.in_plan(report, view), sentences.with_source(report)])),
    )


_VERDICTS = {
    Verdict.VIOLATED: "violated",
    Verdict.UNDECIDED: "undecided",
    Verdict.PASS: "pass",
    Verdict.PASS_IN_PLAN: "pass in this plan",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def title(report: Report) -> str:
    """The report in a few words, all of them ours."""
    if errors(report):
        return sentences.could_not(errors(report)).replace("could", "Could", 1)
    if not report.verdicts:
        return "Nothing to judge"
    counts = {word: number for number, word in sentences.tally(report)}
    found = [f"{counts[word]} {word}" for word in ("violated", "undecided") if counts[word]]
    return ", ".join(found) or "Nothing violated"


def _severities(report: Report) -> set[str]:
    return {finding.severity.label for finding in counting(report)}


def _judgements(report: Report, view: View) -> Iterator[Judged]:
    counts = Counter((own.check, "waived" if own.waived else own.verdict.value) for own in report.verdicts)
    for check in report.checks:
        rule = view.rules.get(check)
        at = reading(rule) if rule else None
        numbers = tuple(counts[check, verdict.value] for verdict in _VERDICTS)
        yield Judged(
            check=check,
            title=rule.title if rule else "",
            severity=rule.severity.label if rule else "",
            url=view.page(check) or (at.url if at else ""),
            counts=(*numbers, counts[check, "waived"]),
        )


def _anchors(groups: Sequence[Sequence[Finding]]) -> list[str]:
    """A name for each group: the same in the next report as long as the finding is, so that links to it last."""
    seen: Counter[str] = Counter()
    found = []
    for group in groups:
        name = f"f-{group[0].fingerprint[:12]}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found


def _cells(
    report: Report, groups: Sequence[Sequence[Finding]], anchors: Sequence[str], rules: Mapping[str, Rule]
) -> list[About]:
    """The cells of each input's matrices that findings are about: those whose requests prove violations, and those of
    what an undecided one asks."""
    of_actions = {f"kms:{name}": column_of(action) for name, action in catalogue.actions().items()}
    columns = {action: column for action, column in of_actions.items() if column is not None}
    found = [About() for _ in report.inputs]
    for group, anchor in zip(groups, anchors, strict=True):
        for finding in group:
            own, who = found[finding.input], set(map(str, finding.principals))
            cells = [
                (own.proven, one, columns[witness.action])
                for witness in finding.witnesses
                if witness.action in columns
                for one in {*who, str(witness.principal)}
            ]
            if finding.verdict is Verdict.UNDECIDED and finding.check in rules:
                cells += [(own.asked, one, column) for column in _guarded(rules[finding.check], columns) for one in who]
            for kept, one, column in cells:
                for key in finding.keys:
                    kept.setdefault((key, one, column), anchor)
    return found


def _guarded(rule: Rule, columns: Mapping[str, Column]) -> set[Column]:
    """The columns of what a guardrail is about: its parameters name actions, or classes of them."""
    named = {word for own in rule.parameters.values() for word in ([own] if isinstance(own, str) else own)}
    classes = {f"kms:{name}": action.action_class.value for name, action in catalogue.actions().items()}
    return {column for action, column in columns.items() if named & {action, classes[action]}}


def _findings(
    groups: Sequence[Sequence[Finding]],
    anchors: Sequence[str],
    drawn: Sequence[Picture],
    report: Report,
    view: View,
) -> Iterator[Told]:
    keys = {(picture.input, picture.address): picture.anchor for picture in drawn}
    seen: dict[tuple[int, Origin], str] = {}
    for group, anchor in zip(groups, anchors, strict=True):
        first, message = group[0], alike.message(group)
        statements = []
        for said in alike.statements(first):
            place = (first.input, said.evidence.origin)
            written = (
                excerpts(alike.evidence(group, said.place), report, LINE)
                if said.evidence.origin.address == first.address
                else []
            )
            statements.append(_statement(said, first, seen.get(place, ""), written))
            seen.setdefault(place, anchor)
        witnesses = alike.requests(group)
        yield Told(
            anchor=anchor,
            group=group,
            first=first,
            message=message,
            requests=tuple(map(sentences.request, witnesses)),
            needs=tuple(map(sentences.need, first.needs)),
            statements=tuple(statements),
            remedy=alike.remedy(group),
            keys=tuple((key, keys.get((first.input, key), "")) for key in first.keys),
            pages=tuple((own.check, url) for own in group if (url := view.page(own.check)) is not None),
            explaining=explaining(dict.fromkeys(own.check for own in group)),
            stops=any(map(view.gate.stops, group)),
            what=" ".join((first.address, *first.keys)),
            who=" ".join([*map(str, first.principals), *(str(own.principal) for own in witnesses), message]),
        )


def _statement(said: alike.Said, finding: Finding, above: str, written: Sequence[Excerpt]) -> Statement:
    evidence = said.evidence
    lines, left = ([], 0) if evidence.statement is None or above else excerpt(evidence.statement)
    return Statement(
        standing=sentences.standing(evidence, finding) + sentences.likewise(said.again),
        source=sentences.source(evidence),
        assumed=sentences.assumption(evidence),
        lines=tuple(lines),
        left=left,
        hidden=evidence.statement is None,
        above=above,
        written=tuple((sentences.at(own.origin), own) for own in written),
    )
