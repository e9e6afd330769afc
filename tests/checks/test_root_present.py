"""The root user must be able to replace the key policy: each cause, and laws over policies of all kinds."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.iam.asking import ACCOUNT, KEY, OTHER, ROOT
from tfkms.checks import root_present
from tfkms.checks.asking import BEYOND_LIMITS, outcomes
from tfkms.checks.question import DISAGREEMENT, KeyPolicySubject
from tfkms.checks.second_opinion import Opinions
from tfkms.documents import Document, Kind, Moment, State
from tfkms.extract import Key
from tfkms.finding import Outcome, Passed, Undecided, Violated
from tfkms.iam import search
from tfkms.iam.parse import parse_policy
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin
from tfkms.model import Account, Mode, Resource, Source
from tfkms.values import Hole, Text, Unknown, Value, text

PLACE = Origin("aws_kms_key.main", "/policy")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyAdmin"
OTHER_ROOT = f"arn:aws:iam::{OTHER}:root"
H = Hole("aws_iam_role.app", "/arn", "known after apply", ("aws_iam_role.app.arn",))
SELF = Hole("provider aws", "/account_id", "the account is not known; pass --account-id")
NEW_KEY = text(
    f"arn:aws:kms:us-east-1:{ACCOUNT}:key/", Hole("aws_kms_key.main", "/key_id", "made on apply", fresh=True)
)
HOME = Account(ACCOUNT, "aws", "us-east-1")
NOWHERE = Account(text(SELF), "aws", "us-east-1")
UNKNOWN_ROOT = text("arn:aws:iam::", SELF, ":root")


def frozen(value: object) -> Value:
    """`value` with the lists of JSON as tuples."""
    match value:
        case list() | tuple():
            return tuple(frozen(item) for item in value)
        case Mapping():
            return {key: frozen(item) for key, item in value.items()}
        case _:
            return value  # type: ignore[return-value] # a leaf


def judged(content: object, account: Account = HOME, arn: Text = KEY, sensitive: bool = False) -> Outcome:
    """The outcome for a key with this policy."""
    value = frozen(content)
    resource = Resource(
        address="aws_kms_key.main",
        type="aws_kms_key",
        mode=Mode.MANAGED,
        module="",
        index=None,
        source=Source.PLAN,
        account=account,
        actions=frozenset(),
        before=None,
        after={},
        before_sensitive=False,
        after_sensitive=False,
        arguments=None,
        links={},
    )
    policy, _ = parse_policy(value, PLACE)
    document = Document(resource, "/policy", Kind.KEY_POLICY, State.KNOWN, policy, value, sensitive, Moment.AFTER)
    subject = KeyPolicySubject(Key(resource, arn, (document,)), document)
    question: Any = SimpleNamespace(opinions=Opinions())  # nothing else is asked
    (outcome,) = outcomes(root_present, subject, question)
    return outcome


def policy_of(*statements: object, version: Value = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(principal: object = None, **members: object) -> dict[str, Any]:
    """An Allow of everything to the root user, members changed as given; None leaves one out."""
    whole = {"Effect": "Allow", "Principal": principal or {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"} | members
    return {name: value for name, value in whole.items() if value is not None}


def deny(principal: object = "*", **members: object) -> dict[str, Any]:
    return allow(principal, **({"Effect": "Deny"} | members))


def when(operator: str, key: str, value: object) -> dict[str, Any]:
    return {operator: {key: value}}


def word(outcome: Outcome) -> str:
    """The verdict, for one that is not a pass with its cause."""
    match outcome:
        case Passed(in_plan=False):
            return "pass"
        case Violated(claim=claim):
            return f"violated: {claim.cause}"
        case Undecided(claim=claim):
            return f"undecided: {claim.cause}"
        case _:
            raise AssertionError(outcome)


def verdict(*statements: object, **others: Any) -> str:
    return word(judged(policy_of(*statements), **others))


# What lets the root user in

ROOT_ONLY = "arn:aws:iam::*:root"
MFA, TRANSPORT, CALLER, ARN, VIA = (
    "aws:MultiFactorAuthPresent",
    "aws:SecureTransport",
    "kms:CallerAccount",
    "aws:PrincipalArn",
    "kms:ViaService",
)


@pytest.mark.parametrize(
    "statement",
    [
        allow(),
        allow({"AWS": ACCOUNT}),
        allow({"AWS": [ROLE, ROOT]}),
        allow("*"),
        allow({"AWS": "*"}),
        allow(Principal=None, NotPrincipal={"AWS": ROLE}),
        allow(Action="*"),
        allow(Action="kms:Put*"),
        allow(Action=["kms:Get*", "KMS:PUTKEYPOLICY"]),
        allow(Action=None, NotAction="kms:ScheduleKeyDeletion"),
        allow(Resource=KEY),
        allow(Resource=[f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"]),
        allow(Resource=None, NotResource=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/*"),
        allow(Condition=when("Bool", MFA, "true")),
        allow(Condition=when("Bool", MFA, False)),
        allow(Condition=when("Null", MFA, "true")),
        allow(Condition=when("Bool", TRANSPORT, "true")),
        allow("*", Condition=when("StringEquals", CALLER, ACCOUNT)),
        allow("*", Condition=when("ArnEquals", ARN, ROOT)),
        allow("*", Condition=when("ArnLike", ARN, [ROOT_ONLY, ROLE])),
        allow("*", Condition=when("StringLike", "AWS:PrincipalARN", "*:root")),
        allow(Condition=when("StringNotEquals", VIA, "s3.us-east-1.amazonaws.com")),
        allow(Condition=when("StringEqualsIfExists", VIA, "s3.us-east-1.amazonaws.com")),
        allow(Condition=when("ForAllValues:StringEquals", "aws:CalledVia", "s3.amazonaws.com")),
        allow(Condition=when("NumericLessThan", "aws:MultiFactorAuthAge", "300")),
        allow(Condition=when("Bool", "kms:BypassPolicyLockoutSafetyCheck", "true")),
        allow(Condition={}),
    ],
)
def test_root_is_let_in(statement: dict[str, Any]) -> None:
    assert verdict(statement) == "pass"
    assert verdict(allow({"AWS": ROLE}), statement, deny({"AWS": ROLE})) == "pass"


@pytest.mark.parametrize(
    "guard",
    [
        deny({"AWS": ROLE}),
        deny({"AWS": OTHER_ROOT}),
        deny({"Service": "s3.amazonaws.com"}),
        deny(Action="kms:ScheduleKeyDeletion"),
        deny(Action=None, NotAction="kms:Put*"),
        deny(Action=None),
        deny(Resource=None),
        deny(Resource=f"arn:aws:kms:us-east-1:{OTHER}:key/*"),
        deny(Principal=None),
        deny(Principal=None, NotPrincipal={"AWS": [ROOT, ROLE]}),
        deny(Principal=None, NotPrincipal={"AWS": ACCOUNT}),
        deny(Condition=when("ArnNotLike", ARN, [ROOT, ROLE])),
        deny(Condition=when("StringNotLike", ARN, ["*:root"])),
        deny(Condition=when("Bool", TRANSPORT, "false")),
        deny(Condition=when("Bool", MFA, "false")),
        deny(Condition=when("BoolIfExists", MFA, "false")),
        deny(Condition=when("StringNotEquals", CALLER, ACCOUNT)),
        deny(Condition=when("StringLike", VIA, "*")),
        deny(Condition=when("Null", VIA, "false")),
    ],
)
def test_a_deny_that_spares_root_takes_nothing(guard: dict[str, Any]) -> None:
    assert verdict(allow(), guard) == "pass"


# What keeps the root user out


@pytest.mark.parametrize(
    ("statements", "cause"),
    [
        ([], "root_absent"),
        ([allow({"AWS": ROLE})], "root_absent"),
        ([allow({"AWS": f"arn:aws:iam::{ACCOUNT}:user/root"})], "root_absent"),
        ([allow({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"})], "root_absent"),
        ([allow({"Service": "s3.amazonaws.com"})], "root_absent"),
        ([allow({"Federated": ROOT})], "root_absent"),
        ([allow({"AWS": f"arn:aws:iam::{ACCOUNT}:*"})], "root_absent"),
        ([allow(Principal=None)], "root_absent"),
        ([allow(Principal=None, NotPrincipal={"AWS": ROOT})], "root_absent"),
        ([deny({"AWS": ROLE})], "root_absent"),
        ([allow({"AWS": OTHER_ROOT})], "other_account_only"),
        ([allow({"AWS": OTHER}), allow({"AWS": ROLE})], "other_account_only"),
        ([allow(Action=None)], "void_statement"),
        ([allow(Resource=None)], "void_statement"),
        ([allow(Action="kms:Get*")], "action_not_covered"),
        ([allow(Action=["kms:PutKeyPolic", "s3:*"])], "action_not_covered"),
        ([allow(Action=None, NotAction="kms:Put*")], "action_not_covered"),
        ([allow(Resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/x")], "resource_not_covered"),
        ([allow(Resource=None, NotResource="*")], "resource_not_covered"),
        ([allow(Condition=when("StringEquals", VIA, "s3.us-east-1.amazonaws.com"))], "condition_unmet"),
        ([allow(Condition=when("StringEquals", "aws:SourceVpce", "vpce-1"))], "condition_unmet"),
        ([allow(Condition=when("Null", VIA, "false"))], "condition_unmet"),
        ([allow("*", Condition=when("StringEquals", CALLER, OTHER))], "condition_unmet"),
        ([allow("*", Condition=when("ArnLike", ARN, ROLE))], "condition_unmet"),
        ([allow(Condition={"Bool": {MFA: "true"}, "Null": {MFA: "true"}})], "condition_unmet"),
        ([allow(Condition=when("Bool", TRANSPORT, "false"))], "condition_unmet"),
        ([allow(), deny()], "denied"),
        ([allow(), deny({"AWS": ACCOUNT})], "denied"),
        ([allow(), deny(Condition=when("ArnNotLike", ARN, ROLE))], "denied"),
        ([allow(), deny(Principal=None, NotPrincipal={"AWS": ROLE})], "denied"),
        ([allow(), deny(Condition=when("StringNotEquals", VIA, "x"))], "denied"),
        (
            [allow(), deny(Condition=when("Bool", MFA, "true")), deny(Condition=when("BoolIfExists", MFA, "false"))],
            "denied",
        ),
        ([allow(Condition=when("Bool", MFA, "true")), deny(Condition=when("Null", MFA, "false"))], "denied"),
    ],
)
def test_root_is_kept_out(statements: list[object], cause: str) -> None:
    assert verdict(*statements) == f"violated: {cause}"


def test_the_nearest_statement_tells_why() -> None:
    far, near = allow(Action="kms:Get*"), allow(Condition=when("StringEquals", VIA, "s3.amazonaws.com"))

    assert verdict(far, near) == verdict(near, far) == "violated: condition_unmet"
    assert verdict(far, allow({"AWS": ROLE})) == "violated: action_not_covered"


@pytest.mark.parametrize(
    ("void", "other", "cause"),
    [
        (allow(Resource=None), allow(Resource="arn:aws:kms:*:*:alias/x"), "resource_not_covered"),
        (allow(Resource=None), allow(Action="kms:Get*"), "void_statement"),
        (allow(Action=None), allow(Action="kms:Get*"), "action_not_covered"),
        (allow(Action=None), allow(Action=None, Resource=None), "void_statement"),
    ],
)
def test_of_statements_as_near_the_one_that_lacks_nothing_tells_why(
    void: dict[str, Any], other: dict[str, Any], cause: str
) -> None:
    assert verdict(void, other) == verdict(other, void) == f"violated: {cause}"


def test_a_violation_shows_the_call_that_is_refused() -> None:
    guard = deny(Condition=when("ArnNotLike", ARN, ROLE)) | {"Sid": "Guard"}
    found = judged(policy_of(allow(), guard))

    assert isinstance(found, Violated)
    (witness,) = found.witnesses
    assert (witness.principal, witness.action, witness.resource) == (ROOT, "kms:PutKeyPolicy", KEY)
    assert witness.context == {ARN: (ROOT,)}
    assert found.principals == (ROOT,)
    assert [item.sid for item in found.evidence] == ["Guard", None]
    assert found.claim.facts["statement"] == "`Guard`"


def test_only_the_denies_that_matter_are_blamed() -> None:
    found = judged(policy_of(allow(), deny({"AWS": ROLE}), deny(), deny(Action="kms:Get*")))

    assert isinstance(found, Violated)
    assert [item.origin.path for item in found.evidence] == ["/policy/Statement/2", "/policy/Statement/0"]


def test_two_denies_that_refuse_together_are_both_blamed() -> None:
    both = [deny(Condition=when("Bool", MFA, "true")), deny(Condition=when("BoolIfExists", MFA, "false"))]
    found = judged(policy_of(allow(), *both))

    assert isinstance(found, Violated)
    assert [item.origin.path for item in found.evidence] == [f"/policy/Statement/{n}" for n in (1, 2, 0)]


def test_the_other_accounts_are_named_once_each() -> None:
    found = judged(policy_of(allow({"AWS": [OTHER, OTHER_ROOT]}), allow({"AWS": "222233334444"})))

    assert isinstance(found, Violated)
    assert found.claim.facts["others"] == f"account {OTHER}, account 222233334444"


def test_of_a_sensitive_policy_no_word_is_repeated() -> None:
    for statements in (
        [allow({"AWS": OTHER}) | {"Sid": "Secret"}],
        [allow(Condition=when("StringEquals", "kms:ViaService", "Secret")) | {"Sid": "Secret"}],
        [allow() | {"Sid": "Secret"}, deny() | {"Sid": "Secret"}],
    ):
        found = judged(policy_of(*statements), sensitive=True)
        assert isinstance(found, Violated)
        assert all(item.statement is None and item.sid is None for item in found.evidence)
        shown = str(found.claim.facts)
        assert "Secret" not in shown
        assert OTHER not in shown
        assert "ViaService" not in shown


# What cannot be told


@pytest.mark.parametrize(
    "content",
    [
        Unknown(H),
        None,
        [],
        "no policy",
        {"Statement": Unknown(H)},
        policy_of(Unknown(H)),
        policy_of(allow(Effect=Unknown(H))),
        policy_of(allow(Principal=Unknown(H))),
        policy_of(allow({"AWS": Unknown(H)})),
        policy_of(allow({"AWS": [ROLE, Unknown(H)]})),
        policy_of(allow({"AWS": text("arn:aws:iam::", H, ":root")})),
        policy_of(allow(Action=Unknown(H))),
        policy_of(allow(Action=["kms:Get*", text("kms:", H)])),
        policy_of(allow(Resource=Unknown(H))),
        policy_of(allow(Condition=Unknown(H))),
        policy_of(allow(Condition={"Bool": Unknown(H)})),
        policy_of(allow(Condition=when("StringEquals", CALLER, Unknown(H)))),
        policy_of(allow(Condition=when("StringSame", CALLER, ACCOUNT))),
        policy_of(allow(Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1"))),
        policy_of(allow(Condition=when("StringNotEquals", "aws:PrincipalOrgID", "o-1"))),
        policy_of(allow(Condition=when("IpAddress", "aws:SourceIp", "192.0.2.0/24"))),
        policy_of(allow(Condition=when("StringEquals", "aws:ResourceTag/team", "a"))),
        policy_of(allow(Condition=when("StringEquals", "aws:SomethingNew", "a"))),
        policy_of(allow(Condition=when("StringEquals", "", "a"))),
        policy_of(allow(), deny(Condition=when("StringNotEquals", "aws:PrincipalOrgID", "o-1"))),
        policy_of(allow(), deny(Principal=Unknown(H))),
        policy_of(allow(), deny(Condition=when("ArnNotLike", ARN, Unknown(H)))),
        policy_of(allow(), deny({"aws": ROOT})),
        policy_of(allow(), None),
        policy_of(allow(Action="*:PutKeyPolicy")),
        policy_of(allow(), deny(Action="*:PutKeyPolicy")),
        policy_of(allow("*", Condition=when("StringEquals", ARN, "${aws:PrincipalTag/arn}"))),
    ],
)
def test_what_is_not_known_decides(content: object) -> None:
    found = judged(content)

    assert word(found) == "undecided: undecided"
    assert isinstance(found, Undecided)
    assert found.needs


@pytest.mark.parametrize(
    "statements",
    [
        [allow(), allow(Principal=Unknown(H))],
        [allow(), deny({"AWS": ROLE}, Action=Unknown(H))],
        [allow(Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1")), allow()],
    ],
)
def test_what_is_not_known_and_does_not_matter_decides_nothing(statements: list[object]) -> None:
    assert verdict(*statements) == "pass"


def test_the_statement_that_rests_on_the_least_is_shown() -> None:
    org = allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceIp": "x"}})
    found = judged(policy_of(org, allow(Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1"))))

    assert isinstance(found, Undecided)
    assert [item.origin.path for item in found.evidence] == ["/policy/Statement/1"]
    assert [need.path for need in found.needs] == ["/aws:principalorgid"]


def test_a_known_organization_decides() -> None:
    account = Account(ACCOUNT, "aws", "us-east-1", "o-1")

    assert verdict(allow(Condition=when("StringEquals", "aws:PrincipalOrgID", "o-1")), account=account) == "pass"
    assert (
        verdict(allow(Condition=when("StringEquals", "aws:PrincipalOrgID", "o-2")), account=account)
        == "violated: condition_unmet"
    )


def test_of_an_unknown_account_references_to_it_are_its_own() -> None:
    assert verdict(allow({"AWS": UNKNOWN_ROOT}), account=NOWHERE) == "pass"
    assert verdict(allow({"AWS": text(SELF)}), account=NOWHERE) == "pass"
    assert verdict(allow("*"), account=NOWHERE) == "pass"
    assert verdict(allow({"AWS": ROOT}), account=NOWHERE) == "undecided: undecided"
    assert verdict(allow({"AWS": ROLE}), account=NOWHERE) == "violated: root_absent"


def test_of_an_unknown_account_a_deny_of_itself_is_a_violation() -> None:
    assert verdict(allow("*"), deny({"AWS": UNKNOWN_ROOT}), account=NOWHERE) == "violated: denied"


def test_of_an_unknown_account_the_request_that_is_refused_holds_the_unknown() -> None:
    guard = deny(Condition=when("ArnEquals", ARN, UNKNOWN_ROOT))

    assert verdict(allow("*"), guard, account=NOWHERE) == "violated: denied"


def test_a_key_to_be_created_is_covered_by_wildcards_and_not_by_an_id() -> None:
    assert verdict(allow(), arn=NEW_KEY) == "pass"
    assert verdict(allow(Resource=NEW_KEY), arn=NEW_KEY) == "pass"
    assert verdict(allow(Resource="arn:aws:kms:*:*:key/*"), arn=NEW_KEY) == "pass"
    assert verdict(allow(Resource=KEY), arn=NEW_KEY) == "violated: resource_not_covered"
    assert verdict(allow(Resource="arn:aws:kms:*:*:key/mrk-*"), arn=NEW_KEY) == "undecided: undecided"


def test_what_takes_too_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WORK_LIMIT", 500)
    hard = {"StringLike": {"aws:UserAgent": ["*a????????????b????????????c*"]}}
    harder = {"StringNotLike": {"aws:UserAgent": ["ax*", *(f"*{one}????????????*{one}?{one}*" for one in "abc")]}}

    assert verdict(allow(Condition=hard | harder)) == f"undecided: {BEYOND_LIMITS}"


# What is easily misread


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow(Condition=when("Null", "aws:CurrentTime", "true"))], "violated: condition_unmet"),
        ([allow(), deny(Condition=when("Null", "aws:CurrentTime", "false"))], "violated: denied"),
    ],
)
def test_the_moment_of_a_call_is_always_told(statements: list[object], expected: str) -> None:
    assert verdict(*statements) == expected


@pytest.mark.parametrize(
    "statements",
    [
        [allow(Condition=when("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"))],
        [allow(), deny(Condition=when("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"))],
    ],
)
def test_no_call_is_made_in_the_past(statements: list[object]) -> None:
    assert verdict(*statements) != "pass"


def test_a_moment_at_the_end_of_the_calendar_is_no_trouble() -> None:
    assert verdict(allow(Condition=when("DateLessThan", "aws:CurrentTime", "9999-12-31T23:59:59Z"))) == "pass"


def test_whether_there_was_a_second_factor_is_no_number() -> None:
    assert verdict(allow(Condition=when("NumericEquals", MFA, "1"))) != "pass"


def test_the_case_of_a_boolean_is_no_quarrel() -> None:
    assert DISAGREEMENT not in verdict(allow(), deny(Condition=when("Bool", TRANSPORT, "True")))


def test_a_policy_variable_in_a_resource_is_no_text() -> None:
    own = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/${{aws:PrincipalTag/key, '{KEY.rpartition('/')[2]}'}}"

    assert verdict(allow(), deny(Resource=own)) != "pass"
    assert not verdict(allow(Resource=own)).startswith("violated")


def test_an_empty_resource_covers_no_key() -> None:
    assert verdict(allow(Resource="")) == "violated: resource_not_covered"


def test_null_with_no_values_is_not_taken_for_sure() -> None:
    assert verdict(allow(Condition=when("Null", TRANSPORT, []))) != "pass"
    assert DISAGREEMENT not in verdict(allow(), deny(Condition=when("Null", TRANSPORT, [])))


def test_a_policy_variable_holds_what_the_root_users_call_holds() -> None:
    own = {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}

    assert verdict(allow("*", Condition=when("ArnEquals", ARN, "${aws:PrincipalArn}"))) == "pass"
    assert verdict(allow(), deny(Condition=own)) == "pass"
    assert verdict(allow(), deny(Condition={"StringEquals": own["StringNotEquals"]})) == "violated: denied"


# Laws

PRINCIPALS: list[dict[str, Any]] = [
    {"Principal": {"AWS": ROOT}},
    {"Principal": {"AWS": ACCOUNT}},
    {"Principal": "*"},
    {"Principal": {"AWS": ["*"]}},
    {"Principal": {"AWS": [ROLE, ROOT]}},
    {"Principal": {"AWS": ROLE}},
    {"Principal": {"AWS": [OTHER_ROOT, OTHER]}},
    {"Principal": {"Service": "s3.amazonaws.com"}},
    {"Principal": {"AWS": ROOT, "Service": "s3.amazonaws.com"}},
    {"NotPrincipal": {"AWS": ROOT}},
    {"NotPrincipal": {"AWS": [ROLE]}},
    {"NotPrincipal": {"AWS": [ROLE, ROOT]}},
    {},
]
ACTIONS: list[dict[str, Any]] = [
    {"Action": "kms:*"},
    {"Action": "*"},
    {"Action": "kms:Put*"},
    {"Action": ["kms:Describe*", "kms:putkeypolicy"]},
    {"Action": ["kms:Get*", "kms:List*"]},
    {"Action": "kms:PutKeyPolicy"},
    {"NotAction": "kms:Put*"},
    {"NotAction": ["kms:ScheduleKeyDeletion", "kms:Disable*"]},
    {"Action": []},
    {},
]
RESOURCES: list[dict[str, Any]] = [
    *[{"Resource": "*"}] * 4,
    {"Resource": KEY},
    {"Resource": ["arn:aws:kms:us-east-1:*:key/*"]},
    {"Resource": f"arn:aws:kms:us-east-1:{OTHER}:key/*"},
    {"NotResource": KEY},
    {"NotResource": []},
    {},
]
PREFIXES, SUFFIXES = ("", "", "ForAnyValue:", "ForAllValues:"), ("", "IfExists")
TEXTUAL = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
           "StringNotEqualsIgnoreCase"]  # fmt: skip
ARNS = ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"]
WORDS: dict[str, tuple[list[str], list[object]]] = {
    ARN: (TEXTUAL + ARNS, [ROOT, ROLE, OTHER_ROOT, f"arn:aws:iam::{ACCOUNT}:*", ROOT_ONLY, "arn:aws:iam::*:role/*"]),
    VIA: (TEXTUAL, ["s3.us-east-1.amazonaws.com", "s3.*", "*"]),
    CALLER: (TEXTUAL, [ACCOUNT, OTHER, "1111*", "*"]),
    MFA: (["Bool", "StringEquals", "StringNotLike"], ["true", "false", True]),
    TRANSPORT: (["Bool", "StringLike"], ["true", "false", False]),
    "aws:PrincipalOrgID": (TEXTUAL, ["o-1", "o-*"]),
    "aws:PrincipalType": (TEXTUAL, ["Account", "User"]),
    "aws:MultiFactorAuthAge": (["NumericLessThan", "NumericGreaterThan", "NumericNotEquals"], ["300", 5]),
}


def on(key: str) -> st.SearchStrategy[dict[str, Any]]:
    names, values = WORDS[key]
    written = st.sampled_from(values) | st.lists(st.sampled_from(values), max_size=2)
    operators = st.sampled_from([f"{start}{name}{end}" for start in PREFIXES for name in names for end in SUFFIXES])
    return st.builds(
        lambda operator, value: when(operator, key, value), operators, written
    ) | st.sampled_from([when("Null", key, "true"), when("Null", key, "false")])  # fmt: skip


CONDITIONS = st.lists(st.one_of([on(key) for key in WORDS]), max_size=2).map(
    lambda blocks: {operator: block for one in blocks for operator, block in one.items()}
)


def statements(effects: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda effect, conditions, *parts: {
            **{name: value for part in parts for name, value in part.items()},
            "Effect": effect,
            **({"Condition": conditions} if conditions else {}),
        },
        st.sampled_from(effects),
        CONDITIONS,
        st.sampled_from(PRINCIPALS),
        st.sampled_from(ACTIONS),
        st.sampled_from(RESOURCES),
    )


ALLOWS, DENIES, STATEMENTS = statements(["Allow"]), statements(["Deny"]), statements(["Allow", "Allow", "Deny"])
POLICIES = st.builds(
    lambda first, others: policy_of(*first, *others),
    st.sampled_from([[], [allow()], [allow(Condition=when("Bool", MFA, "true"))], [allow("*")]]),
    st.lists(STATEMENTS, max_size=4),
)


def simulated(content: object) -> set[Answer]:
    """What the second evaluator says of the root user's call, over what root can choose."""
    policy, _ = parse_policy(frozen(content), PLACE)
    answers = set()
    for present in ((), ("true",), ("false",)):
        for age in ((), ("1",), ("5",), ("300",), ("301",)):
            context = {TRANSPORT: ("true",), MFA: present, "aws:MultiFactorAuthAge": age}
            request = Request(ROOT, "kms:PutKeyPolicy", KEY, {key: values for key, values in context.items() if values})
            answers.add(simulate(request, Documents(policy), frozenset()))
    return answers


@given(POLICIES)
def test_a_pass_is_a_call_that_is_allowed_and_a_violation_one_that_never_is(content: dict[str, Any]) -> None:
    found = word(judged(content))
    answers = simulated(content)

    assert DISAGREEMENT not in found
    if found == "pass":
        assert Answer.ALLOWED in answers
    if found.startswith("violated"):
        assert answers == {Answer.DENIED}


@given(POLICIES, st.randoms(use_true_random=False))
def test_order_never_matters(content: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            items = [shuffled(item) for item in value]
            random.shuffle(items)
            return items
        if isinstance(value, dict):
            items = [(name, shuffled(item)) for name, item in value.items()]
            random.shuffle(items)
            return dict(items)
        return value

    assert word(judged(shuffled(content))) == word(judged(content))


@given(POLICIES, st.data())
def test_a_statement_twice_is_a_statement_once(content: dict[str, Any], data: st.DataObject) -> None:
    assume(content["Statement"])
    again = data.draw(st.sampled_from(content["Statement"]))

    assert word(judged(policy_of(*content["Statement"], again))) == word(judged(content))


@given(POLICIES, DENIES)
def test_a_deny_never_lets_root_in(content: dict[str, Any], further: dict[str, Any]) -> None:
    before, after = word(judged(content)), word(judged(policy_of(*content["Statement"], further)))

    if before.startswith("violated"):
        assert after.startswith("violated")
    if after == "pass":
        assert before == "pass"


@given(POLICIES, ALLOWS)
def test_an_allow_never_keeps_root_out(content: dict[str, Any], further: dict[str, Any]) -> None:
    before, after = word(judged(content)), word(judged(policy_of(*content["Statement"], further)))

    if before == "pass":
        assert after == "pass"
    if after.startswith("violated"):
        assert before.startswith("violated")


def places(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in the value, itself included."""
    yield path
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from places(item, (*path, name))


def hidden(value: Value, path: tuple[str | int, ...], name: str) -> Value:
    """The value with what stands at the place not known."""
    if not path:
        return Unknown(Hole("data.external.some", f"/{name}", "known after apply"))
    step, *rest = path
    if isinstance(value, tuple):
        return tuple(hidden(item, tuple(rest), name) if n == step else item for n, item in enumerate(value))
    if not isinstance(value, Mapping):
        return value  # what is hidden already
    return {own: hidden(item, tuple(rest), name) if own == step else item for own, item in value.items()}


def never_opposite(one: str, other: str) -> bool:
    return {one.partition(":")[0], other.partition(":")[0]} != {"pass", "violated"}


@given(POLICIES, st.data(), st.sampled_from(["2012-10-17", "2008-10-17"]))
def test_hiding_what_is_known_never_turns_the_verdict_round(
    content: dict[str, Any], data: st.DataObject, version: str
) -> None:
    known = frozen(content | {"Version": version})
    unknown = known
    for n, place in enumerate(data.draw(st.lists(st.sampled_from(list(places(known))), min_size=1, max_size=3))):
        unknown = hidden(unknown, place, str(n))

    assert never_opposite(word(judged(known)), word(judged(unknown)))


@pytest.mark.parametrize(
    "content",
    [
        policy_of(allow(), deny(Condition=when("ArnNotLike", ARN, [ROOT, ROLE]))),
        policy_of(allow(), deny(Condition=when("ArnNotLike", ARN, [ROLE]))),
        policy_of(allow({"AWS": [ROLE, ROOT]}, Action=["kms:Get*", "kms:Put*"])),
        policy_of(
            allow(Condition=when("StringEquals", "aws:UserAgent", "$x")),
            deny(Condition=when("StringEquals", "aws:UserAgent", "${$}x")),
        ),
    ],
)
def test_hiding_any_one_thing_never_turns_the_verdict_round(content: object) -> None:
    known = frozen(content)
    before = word(judged(known))

    for place in places(known):
        assert never_opposite(before, word(judged(hidden(known, place, "x"))))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["*", ROOT, "kms:*"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@given(POLICIES, st.data(), ODD)
def test_an_oddity_never_stops_the_judge(content: dict[str, Any], data: st.DataObject, new: Any) -> None:
    known = frozen(content)
    *path, last = data.draw(st.sampled_from([place for place in places(known) if place]))

    def put(value: Any, steps: list[str | int]) -> Any:
        if not steps:
            return (
                {**value, last: new}
                if isinstance(value, Mapping)
                else tuple(new if n == last else item for n, item in enumerate(value))
            )
        if isinstance(value, Mapping):
            return {name: put(item, steps[1:]) if name == steps[0] else item for name, item in value.items()}
        return tuple(put(item, steps[1:]) if n == steps[0] else item for n, item in enumerate(value))

    assert word(judged(put(known, path)))


OPERATORS = [
    *TEXTUAL, *ARNS, "Bool", "BinaryEquals", "Null", "IpAddress", "NotIpAddress",
    *(f"{kind}{name}" for kind in ("Numeric", "Date") for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals",
      "GreaterThan", "GreaterThanEquals")),
]  # fmt: skip


@pytest.mark.parametrize("key", [ARN, VIA, MFA, CALLER, TRANSPORT, "aws:CurrentTime", "aws:UserAgent"])
@pytest.mark.parametrize("value", [ROOT, ACCOUNT, "true", "x", "2026-01-01T00:00:00Z", "10.0.0.0/8"])
def test_every_operator_on_every_key_is_judged_and_the_laws_hold(key: str, value: str) -> None:
    for operator in OPERATORS:
        condition = {"Condition": when(operator, key, value)}
        alone, guarded = verdict(allow(**condition)), verdict(allow(), deny(**condition))

        assert verdict(allow(), allow(**condition)) == "pass"
        assert verdict(deny(**condition)).startswith("violated")
        assert verdict(allow({"AWS": ROLE}), allow(**condition), deny(**condition)) != "pass" or alone == "pass"
        assert not (alone == "violated: condition_unmet" and guarded.startswith("violated"))
