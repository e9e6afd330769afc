"""May a principal do an action on a key: asked by the command line, as people do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.command_line import Run, assert_refused, run
from tests.plan_builder import ACCOUNT, ROOT, block, change, plan, policy
from tfkms import catalogue
from tfkms.checks.stance import Stance
from tfkms.cli.guardrails import facts
from tfkms.cli.inputs import Told, read
from tfkms.documents import Moment
from tfkms.queries.can import Word, can
from tfkms.queries.names import askers
from tfkms.queries.sight import Sight, sight
from tfkms.report import can as report

FIXTURES = Path(__file__).parents[1] / "fixtures"
PUBLIC = str(FIXTURES / "plans" / "terraform-aws-kms-complete.json")
OTHER = "444455556666"
APP, ANN = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:user/ann"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
USE: Mapping[str, Any] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def allow(principal: Any, action: Any = "kms:*", **members: Any) -> dict[str, Any]:
    """A statement of a key policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"} | members


def estate(*statements: Mapping[str, Any], role: Mapping[str, Any] | None = None, more: tuple[Any, ...] = ()) -> Any:
    """A plan of a key that exists, with these statements, an alias of it, and the role `app` with one inline policy."""
    key = {"policy": policy(*statements), "arn": KEY, "key_id": KEY_ID, "id": KEY_ID, "tags": {}, "tags_all": {}}
    alias = {"name": "alias/main", "target_key_id": KEY_ID, "arn": KEY.replace(f"key/{KEY_ID}", "alias/main")}
    app = {"name": "app", "path": "/", "arn": APP, "assume_role_policy": "{}", "tags": {}, "tags_all": {}} | (
        role or {}
    )
    return plan(
        change("aws_kms_key.main", key, before=key, actions=("no-op",)),
        change("aws_kms_alias.main", alias, before=alias, actions=("no-op",)),
        change("aws_iam_role.app", app, before=app, actions=("no-op",)),
        *more,
        blocks=(block("aws_kms_key.main", policy={}), block("aws_iam_role.app", name={})),
    )


def holding(*statements: Mapping[str, Any]) -> tuple[Any, ...]:
    """The role's inline policy."""
    return (change("aws_iam_role_policy.app", {"role": "app", "name": "app", "policy": policy(*statements)}),)


def ask(directory: Path, content: Any, principal: str, action: str, key: str = "alias/main", *words: str) -> Run:
    """The answer on a plan."""
    (directory / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    return run("can", principal, action, key, "plan.json", *words, cwd=directory)


def test_a_yes_names_the_statement_by_address_path_and_sid(tmp_path: Path) -> None:
    done = ask(tmp_path, estate(ROOT, allow({"AWS": ANN}, Sid="Ann")), ANN, "Decrypt", "aws_kms_key.main")

    assert done.code == 0
    assert done.out == (
        f"yes: {ANN} may call kms:Decrypt on aws_kms_key.main\n    directly      aws_kms_key.main /policy/Statement/1 `Ann`\n"
    )


def test_what_iam_grants_rests_on_the_statement_that_leaves_it_to_iam(tmp_path: Path) -> None:
    content = estate(ROOT, more=holding({**USE, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}))
    done = ask(tmp_path, content, "aws_iam_role.app", "kms:decrypt")

    assert done.code == 0
    assert done.out.splitlines() == [
        f"yes: {APP} may call kms:Decrypt on aws_kms_key.main",
        "    by IAM        aws_iam_role_policy.app /policy/Statement/0",
        "                  as aws_kms_key.main /policy/Statement/0 `Root` leaves it to IAM",
        "                  for example with aws:MultiFactorAuthPresent = true",
    ]


def test_a_no_names_the_denies_that_decide_and_no_others(tmp_path: Path) -> None:
    elsewhere = allow("*", Effect="Deny", Sid="Elsewhere", Condition={"StringEquals": {"aws:RequestedRegion": "eu-1"}})
    guard = allow("*", Effect="Deny", Sid="Guard", Condition={"ArnNotLike": {"aws:PrincipalArn": ANN}})
    other = allow("*", "kms:Encrypt", Effect="Deny", Sid="Encrypt")
    done = ask(tmp_path, estate(ROOT, allow({"AWS": APP}), elsewhere, guard, other), APP, "Decrypt")

    assert done.code == 0
    assert done.out.splitlines() == [
        f"no: {APP} may not call kms:Decrypt on aws_kms_key.main",
        "    why           it is denied explicitly",
        "    denied by     aws_kms_key.main /policy/Statement/3 `Guard`",
    ]


@pytest.mark.parametrize(
    ("statements", "more", "words"),
    [
        ((ROOT,), (), "an identity policy outside this input could allow it"),
        ((allow({"AWS": ANN}),), holding(USE), "the key policy does not leave it to IAM"),
        ((ROOT,), holding({**USE, "Resource": KEY[:-1]}), "no statement in view allows it"),
    ],
)
def test_a_no_says_why_nothing_allows_it(tmp_path: Path, statements: Any, more: Any, words: str) -> None:
    done = ask(tmp_path, estate(*statements, more=more), APP, "Decrypt")

    assert done.code == 0
    assert done.out.startswith("no: ")
    assert words in " ".join(done.out.split())


def test_a_boundary_is_named_where_it_alone_stands_against_it(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    limit = change(
        "aws_iam_policy.limit", {"name": "limit", "path": "/", "arn": arn, "policy": policy({**USE, "Action": "s3:*"})}
    )
    content = estate(ROOT, role={"permissions_boundary": arn}, more=(*holding(USE), limit))
    done = ask(tmp_path, content, APP, "Decrypt")

    assert done.out.startswith("no: ")
    assert "the permissions boundary does not allow it" in done.out


@pytest.mark.parametrize(
    ("principal", "action", "word", "words"),
    [
        (f"arn:aws:iam::{OTHER}:role/ext", "DisableKey", "no", "KMS refuses this operation to principals of other accounts"),
        (f"arn:aws:iam::{OTHER}:role/ext", "Decrypt", "undecided", "the principal's own account must allow it too"),
        (f"arn:aws:iam::{OTHER}:root", "Decrypt", "yes", "directly"),
        (OTHER, "Decrypt", "yes", "directly"),
        ("arn:aws:iam::777788889999:role/ext", "Decrypt", "no", "no statement in view allows it"),
    ],
)  # fmt: skip
def test_both_accounts_must_allow_what_crosses_them(
    tmp_path: Path, principal: str, action: str, word: str, words: str
) -> None:
    done = ask(tmp_path, estate(ROOT, allow({"AWS": f"arn:aws:iam::{OTHER}:root"})), principal, action)

    assert done.code == (3 if word == "undecided" else 0)
    assert done.out.startswith(f"{word}: ")
    assert words in " ".join(done.out.split())


def test_what_is_not_known_is_named_and_exits_3(tmp_path: Path) -> None:
    content = plan(
        change("aws_kms_key.main", {}, unknown={"policy": True, "arn": True, "key_id": True}),
        blocks=(block("aws_kms_key.main", policy={"references": ["data.aws_iam_policy_document.key.json"]}),),
    )
    done = ask(tmp_path, content, APP, "Decrypt", "aws_kms_key.main")

    assert done.code == 3
    assert done.out.startswith("undecided: ")
    assert "needs         data.aws_iam_policy_document.key.json: known after apply" in done.out


def test_policies_that_are_not_in_view_are_named(tmp_path: Path) -> None:
    unseen = f"arn:aws:iam::{ACCOUNT}:policy/elsewhere"
    attached = change("aws_iam_role_policy_attachment.app", {"role": "app", "policy_arn": unseen})
    reads = holding({**USE, "Action": "kms:List*"})

    known = ask(tmp_path, estate(ROOT, more=(*reads, attached)), APP, "Decrypt")
    stranger = ask(tmp_path, estate(ROOT), f"arn:aws:iam::{ACCOUNT}:role/stranger", "Decrypt")

    assert (known.code, stranger.code) == (3, 3)
    assert f"not in view   {unseen}" in known.out
    assert f"not in view   the identity policies of arn:aws:iam::{ACCOUNT}:role/stranger" in stranger.out


@pytest.mark.parametrize("principal", [APP, "aws_iam_role.app", f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"])
@pytest.mark.parametrize("action", ["Decrypt", "kms:Decrypt", "KMS:DECRYPT", "decrypt"])
@pytest.mark.parametrize(
    "key",
    ["aws_kms_key.main", KEY, KEY_ID, "alias/main", "aws_kms_alias.main", KEY.replace(f"key/{KEY_ID}", "alias/main")],
)
def test_principals_actions_and_keys_have_many_names(tmp_path: Path, principal: str, action: str, key: str) -> None:
    done = ask(tmp_path, estate(ROOT, more=holding(USE)), principal, action, key)

    assert done.out.startswith("yes: ")
    assert "kms:Decrypt on aws_kms_key.main" in done.out


def test_addresses_of_instances_are_names_too(tmp_path: Path) -> None:
    key = 'module.kms_complete.aws_kms_alias.this["foo/bar"]'
    by_grant = run("can", "aws_iam_role.lambda", "Encrypt", key, PUBLIC, cwd=tmp_path)
    service = run("can", "logs.us-east-1.amazonaws.com", "Decrypt", key, PUBLIC, cwd=tmp_path)

    assert by_grant.out.startswith("yes: ")
    assert 'by a grant    module.kms_complete.aws_kms_grant.this["lambda"]' in by_grant.out
    assert service.out.startswith("yes: logs.us-east-1.amazonaws.com may call")


@pytest.mark.parametrize(
    ("principal", "action", "key", "words"),
    [
        ("aws_iam_role.apq", "Decrypt", "alias/main", "did you mean `aws_iam_role.app`?"),
        (APP, "Decript", "alias/main", "did you mean `kms:Decrypt`?"),
        (APP, "Decrypt", "alias/mian", "did you mean `alias/main`?"),
        (APP, "kms:*", "alias/main", "`tfkms access` shows all"),
        (APP, "kms:CreateKey", "alias/main", "is about no particular key"),
        (f"arn:aws:iam::{ACCOUNT}:role/*", "Decrypt", "alias/main", "one principal is asked about"),
        (f"arn:aws:iam::{ACCOUNT}:group/ops", "Decrypt", "alias/main", "names no principal that calls KMS"),
        ("\x1b[31m", "Decrypt", "alias/main", "there is no principal `\\x1b[31m`"),
    ],
)
def test_a_name_that_names_nothing_is_one_line(
    tmp_path: Path, principal: str, action: str, key: str, words: str
) -> None:
    assert_refused(ask(tmp_path, estate(ROOT), principal, action, key), words)


def test_an_alias_that_may_be_of_several_keys_names_none_of_them(tmp_path: Path) -> None:
    keys = [change(f"aws_kms_key.k[{n}]", {}, unknown={"policy": True, "key_id": True}) for n in (0, 1)]
    alias = change("aws_kms_alias.k[1]", {"name": "alias/one"}, unknown={"target_key_id": True})
    reference = {"references": ["aws_kms_key.k", "count.index"]}
    content = plan(*keys, alias, blocks=(block("aws_kms_key.k"), block("aws_kms_alias.k", target_key_id=reference)))

    assert_refused(ask(tmp_path, content, APP, "Decrypt", "alias/one"), "`aws_kms_key.k[0]` or `aws_kms_key.k[1]`")


def test_a_group_makes_no_requests(tmp_path: Path) -> None:
    group = {"name": "ops", "path": "/", "arn": f"arn:aws:iam::{ACCOUNT}:group/ops"}
    more = (
        change("aws_iam_group.ops", group),
        change("aws_iam_group_policy.ops", {"group": "ops", "name": "ops", "policy": policy(USE)}),
    )

    assert_refused(ask(tmp_path, estate(ROOT, more=more), "aws_iam_group.ops", "Decrypt"), "ask about one of its users")


def test_an_input_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert_refused(run("can", APP, "Decrypt", "alias/main", "nowhere.json", cwd=tmp_path), "nowhere.json")


def test_nothing_of_a_sensitive_policy_is_shown(tmp_path: Path) -> None:
    secret = allow({"AWS": APP}, Sid="Secret", Condition={"StringEquals": {"aws:SourceVpce": "vpce-secret"}})
    content = estate(secret)
    content["resource_changes"][0]["change"]["after_sensitive"] = {"policy": True}

    for form in ("text", "json"):
        done = ask(tmp_path, content, APP, "Decrypt", "alias/main", "--format", form)
        assert done.code == 0
        assert "ecret" not in done.out
        assert "vpce" not in done.out


def test_names_are_shown_harmless(tmp_path: Path) -> None:
    content = estate(ROOT, allow({"AWS": APP}, Sid="a\x1b[31m\u202e::error::x"))
    done = ask(tmp_path, content, APP, "Decrypt")

    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert "\\x1b[31m" in done.out


def test_the_json_form_keeps_to_its_schema(tmp_path: Path) -> None:
    printed = json.loads(run("schema", "can", cwd=tmp_path).out)
    answers = [
        ask(tmp_path, estate(ROOT, more=holding(USE)), APP, "Decrypt", "alias/main", "--format", "json"),
        ask(tmp_path, estate(ROOT), APP, "Decrypt", "alias/main", "--format", "json"),
        ask(tmp_path, estate(ROOT), f"{APP}x", "Decrypt", "alias/main", "--format", "json"),
    ]

    assert printed == report.schema()
    assert [answer.report["answer"] for answer in answers] == ["yes", "no", "undecided"]
    for answer in answers:
        Draft202012Validator(printed).validate(answer.report)


# Against the guardrails: a violation is a yes


def seen(path: Path) -> Sight:
    """What a plan shows."""
    (scan,), _ = read([str(path)], Told())
    return sight(scan, facts(Stance()), Moment.AFTER)


Proven = tuple[Path, str, str, str]
"""A plan, and a principal, an action and a key of it that a violation is about."""


def proven() -> list[Proven]:
    """What the witnesses of the guardrails' cases prove of principals that are named, inert ones and those of other
    accounts aside: of these only the key's side is judged."""
    found: dict[Proven, None] = {}
    for path in sorted(FIXTURES.glob("guardrails/*/*/expected.json")):
        for finding in json.loads(path.read_text(encoding="utf-8"))["findings"]:
            if finding["check"] == "IAM-KMS-1" or finding["verdict"] != "violated" or finding["key"] is None:
                continue
            if finding["key"].startswith("data."):
                continue  # a document of a key that is not in the plan
            for witness in finding["witnesses"]:
                principal = witness["principal"]
                named = principal in finding["principals"] and "${" not in principal and f"::{ACCOUNT}:" in principal
                if named and witness["inert"] is None:
                    found[path.with_name("plan.json"), principal, witness["action"], finding["key"]] = None
    return list(found)


PROVEN = proven()


def test_the_cases_of_the_guardrails_prove_much() -> None:
    assert len(PROVEN) > 40


@pytest.mark.parametrize("case", PROVEN, ids=lambda case: f"{case[0].parent.parent.name}/{case[0].parent.name}")
def test_whoever_a_guardrail_finds_may_do_it_is_answered_yes(case: Proven) -> None:
    path, principal, action, key = case
    shown = seen(path)
    asked = catalogue.actions()[action.removeprefix("kms:")]

    assert can(askers(principal, shown), asked, shown.keys[key], shown).word is Word.YES


@pytest.mark.parametrize(
    "principal",
    [
        "aws_ssoadmin_permission_set.s",
        f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/us-east-1/AWSReservedSSO_Ops_0123456789abcdef",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/ann",
    ],
)
def test_a_permission_set_is_its_role_and_the_sessions_of_it(principal: str, tmp_path: Path) -> None:
    path = FIXTURES / "guardrails" / "IAM-KMS-3" / "permission-set" / "plan.json"
    done = run("can", principal, "DisableKey", "aws_kms_key.main", str(path), cwd=tmp_path)

    assert done.code == 0
    assert done.out.startswith("yes: ")
    assert "aws_ssoadmin_permission_set_inline_policy.s" in done.out
