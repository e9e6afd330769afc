"""Whether a value of a condition spells what it is about in full: a service's label, a principal, a source.

The answer is surely, surely not, or not known for the holes that decide. A policy variable spells nothing: what it
holds is for the caller to choose, or for whoever tags the caller.
"""

from collections.abc import Callable
from typing import TypeAlias

from tfkms.iam.comparisons import FALSE, TRUE, Ground, unsure
from tfkms.iam.principals import ACCOUNT_DIGITS, arn_parts, either, equal
from tfkms.values import Hole, Template, Text, text_holes, text_parts

Spelling: TypeAlias = Callable[[Text], Ground]
"""Whether a value spells something in full."""


def every(*grounds: Ground) -> Ground:
    """True where all of them are."""
    return either(*(ground.negated() for ground in grounds)).negated()


def label(value: Text) -> Ground:
    """Whether a value of `kms:ViaService` spells the service: what stands before the first dot."""
    return _literal(_until(value, "."))


def principal(value: Text, account: Text, *, anywhere: bool = False) -> Ground:
    """Whether a value of `aws:PrincipalArn` spells one principal: its name, whatever its path, and its account.

    An account is twelve digits, or equal to `account`, which need not be known. `anywhere` asks for no account: the
    same name in every account.
    """
    parts = arn_parts(value)
    if parts is None:
        return _no_arn(value)
    name = _literal(_after_last(parts[5], "/"))
    return name if anywhere else every(_is_account(parts[4], account), name)


def source(value: Text, account: Text) -> Ground:
    """Whether a value pins whose resources a service acts for: an account, an organization, or an ARN.

    Of an ARN with a place for the account that account, of one without (a bucket's) the resource. Source: Service
    Authorization Reference, "Resource types defined by Amazon S3" and others; IAM User Guide, confused-deputy.
    """
    if value in ("${aws:ResourceAccount}", "${aws:ResourceOrgID}"):
        return TRUE
    first = text_parts(value)[0]
    if isinstance(first, str) and first.startswith("o-"):
        return _literal(_until(value, "/"))
    parts = arn_parts(value)
    if parts is not None and parts[4] == "":
        # The name of a bucket is nobody else's, whatever its objects are called.
        return _literal(_until(parts[5], "/") if parts[2] == "s3" else text_parts(parts[5]))
    if parts is not None:
        return _is_account(parts[4], account)
    if isinstance(value, Template):
        return TRUE if value == account else _no_arn(value)
    return _is_account(value, account) if value.isdecimal() else _literal((value,))


def anything(value: Text) -> Ground:
    """Of a key whose presence says enough: any value."""
    return TRUE


def _no_arn(value: Text) -> Ground:
    """A text without the parts of an ARN: a hole in it may hold them."""
    holes = text_holes(value)
    return unsure(*holes) if holes else FALSE


def _is_account(value: Text, account: Text) -> Ground:
    if isinstance(value, str):
        return TRUE if len(value) == ACCOUNT_DIGITS and value.isdecimal() else FALSE
    return TRUE if equal(value, account).certain else _literal(text_parts(value))


def _until(value: Text, end: str) -> tuple[str | Hole, ...]:
    """What stands before the first `end`, as far as it is known where that is."""
    before: list[str | Hole] = []
    for part in text_parts(value):
        if isinstance(part, str) and end in part:
            return (*before, part.partition(end)[0])
        before.append(part)
    return tuple(before)


def _after_last(value: Text, start: str) -> tuple[str | Hole, ...]:
    """What stands after the last `start`, as far as it is known where that is; its end comes first."""
    after: list[str | Hole] = []
    for part in reversed(text_parts(value)):
        if isinstance(part, str) and start in part:
            return (*after, part.rpartition(start)[2])
        after.append(part)
    return tuple(after)


def _literal(parts: tuple[str | Hole, ...]) -> Ground:
    """Whether the parts hold neither a wildcard nor a policy variable; an id that AWS makes up holds none.

    Behind a hole it is not known what still belongs to them.
    """
    unknown = [part for part in parts if isinstance(part, Hole) and not part.fresh]
    for part in parts:
        if part in unknown:
            break
        if isinstance(part, str) and ("*" in part or "?" in part or "${" in part):
            return FALSE
    return unsure(*unknown) if unknown else TRUE
