"""One key with a policy of which parts are not known, judged by every guardrail."""

import json
from functools import lru_cache

from msgspec.structs import replace

from tests.plan_builder import ACCOUNT, change, plan, policy
from tfkms import catalogue
from tfkms.catalogue import Rule
from tfkms.checks.asking import outcomes as told_by
from tfkms.checks.authorized import Authorized
from tfkms.checks.holders import holders
from tfkms.checks.question import DISAGREEMENT, Question
from tfkms.checks.stance import Stance
from tfkms.documents import Document, Moment
from tfkms.extract import Estate, Key, extract
from tfkms.finding import NotApplicable, Outcome, Passed, Undecided, Violated
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.iam.parse import parse_policy
from tfkms.identities import RESOURCE_TYPES, identities
from tfkms.key_uses import key_uses
from tfkms.location import Origin
from tfkms.model import Scan
from tfkms.values import Value

KEY = "aws_kms_key.main"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOBODY = Stance(authorized=Authorized((f"arn:aws:iam::{ACCOUNT}:role/KeyAdmin*",), ("logs.amazonaws.com",)))


@lru_cache
def _scan(held: str | None) -> Scan:
    values = {"policy": policy(), "arn": KEY_ARN, "key_id": KEY_ARN.rpartition("/")[2], "tags": {}, "tags_all": {}}
    changes = [change(KEY, values, before=values, actions=("no-op",))]
    if held is not None:
        arn = f"arn:aws:iam::{ACCOUNT}:role/app"
        role = {"name": "app", "path": "/", "arn": arn, "id": "app"}
        changes.append(change("aws_iam_role.app", role, before=role, actions=("no-op",)))
        inline = {"role": "app", "name": "p", "policy": held}
        changes.append(change("aws_iam_role_policy.app", inline, before=inline, actions=("no-op",)))
    wanted = {site.type for site in catalogue.sites()} | RESOURCE_TYPES | {"aws_kms_alias"}
    return read_plan(json.dumps(plan(*changes)).encode(), "plan.json", wanted.__contains__, Assumed())


@lru_cache
def _estate(held: str | None) -> Estate:
    return extract(_scan(held), catalogue.sites(), Moment.AFTER)


def verdicts(content: Value, *checks: str, held: str | None = None, stance: Stance = NOBODY) -> dict[str, str]:
    """The verdict of each guardrail on the key with that policy; `held` is the policy of a role `app`, as text."""
    question = _question(content, held, stance)
    rules = [rule for rule in catalogue.rules() if rule.judged and (not checks or rule.id in checks)]
    return {rule.id: _verdict(rule, question) for rule in rules}


def _question(content: Value, held: str | None, stance: Stance) -> Question:
    scan, estate = _scan(held), _estate(held)
    (key,) = estate.keys
    (document,) = key.documents
    read, _ = parse_policy(content, Origin(document.address, document.attribute))
    partly: Document = replace(document, policy=read, content=content)
    own: Key = replace(key, documents=(partly,))
    estate = replace(estate, keys=(own,))
    found = identities(scan, estate, Moment.AFTER, lambda _: None)
    return Question(
        scan=scan,
        estate=estate,
        parameters={},
        actions=catalogue.actions(),
        authorized=stance.authorized or Authorized(),
        stance=stance,
        uses=key_uses(scan, estate.keys, catalogue.services(), Moment.AFTER),
        aliases={},
        identities=found,
        holders=tuple(holders(found, stance)),
    )


def _verdict(rule: Rule, question: Question) -> str:
    asked = replace(question, parameters=rule.parameters)
    outcomes: list[Outcome] = []
    for subject in rule.check.subjects(asked):
        found = told_by(rule.check, subject, asked)
        outcomes += [own for own in found if KEY in _places(own)]
    assert not [own for own in outcomes if isinstance(own, Undecided) and own.claim.cause == DISAGREEMENT], outcomes
    for kind, word in ((Violated, "violated"), (Undecided, "undecided")):
        if any(isinstance(own, kind) for own in outcomes):
            return word
    if any(isinstance(own, Passed) and own.in_plan for own in outcomes):
        return "pass_in_plan"
    return "not_applicable" if outcomes and all(isinstance(own, NotApplicable) for own in outcomes) else "pass"


def _places(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.address, *getattr(outcome, "keys", ()))
