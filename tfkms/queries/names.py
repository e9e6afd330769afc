"""From what a person writes to the principal, the action and the key that it names."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.holders import Holder, is_caller
from tfkms.diagnostics import Refusal, did_you_mean
from tfkms.extract import Key
from tfkms.iam import callers
from tfkms.iam.actions import ActionClass, Actions, KmsAction
from tfkms.iam.callers import Caller, CallerKind
from tfkms.iam.grants import Bundle
from tfkms.identities.principals_in_view import Principal
from tfkms.queries.sight import Sight
from tfkms.values import Text

_ARN = re.compile(r"arn:(?P<partition>[^:]+):(?P<service>iam|sts)::(?P<account>\d{12}):(?P<resource>.+)")
_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(\.cn)?")
_WILD = frozenset("*?")
_NO_KEY = (ActionClass.ACCOUNT, ActionClass.KEYSTORE)


class Asker(Struct, frozen=True):
    """A principal that is asked about, with the documents that the plan shows of it.

    `in_view`: the plan manages it, so that its documents are those of the plan. `unseen` are policies attached to it
    whose documents are not in view. `possible` are documents that may turn out to be its own.
    """

    shown: Text
    caller: Caller
    bundle: Bundle
    in_view: bool
    unseen: tuple[str, ...] = ()
    possible: tuple[Bundle, ...] = ()


def action_named(word: str, actions: Actions) -> KmsAction:
    """The action of that name, with or without `kms:`, in any case. Raises Refusal."""
    name = re.sub(r"^kms:", "", word, flags=re.IGNORECASE)
    if _WILD & set(name):
        raise Refusal("usage", f"one action is asked about, not `{word}`", "`tfkms access` shows all that may be done")
    by_lower = {own.lower(): own for own in actions}
    if name.lower() not in by_lower:
        near = did_you_mean(name.lower(), by_lower)
        hint = re.sub("`(.*)`", lambda found: f"`kms:{by_lower[found[1]]}`", near) if near else None
        raise Refusal("unknown-action", f"there is no action `{word}` in KMS", hint)
    action = actions[by_lower[name.lower()]]
    if action.action_class in _NO_KEY:
        raise Refusal("usage", f"kms:{action.name} is about no particular key", "ask about an action on a key")
    return action


def key_named(word: str, sight: Sight) -> Key:
    """The key that an address, an ARN, an id or an alias names. Raises Refusal."""
    if word in sight.key_names:
        return sight.keys[sight.key_names[word]]
    if not sight.keys:
        raise Refusal("unknown-key", f"there is no key `{word}`: the input holds no keys")
    if word in sight.names:
        which = " or ".join(f"`{address}`" for address in sight.names[word])
        raise Refusal("unknown-key", f"which key `{word}` is of is known after apply: {which}", "scan with --source")
    hint = did_you_mean(word, sight.key_names) or "an address, an ARN, a key id or an alias of a key of the input"
    raise Refusal("unknown-key", f"there is no key `{word}` in the input", hint)


def askers(word: str, sight: Sight) -> list[Asker]:
    """The principals that an ARN, an address, an account id or a service's name stands for, mostly one.

    A permission set stands for its role in each of its accounts. Raises Refusal.
    """
    if _WILD & set(word) and "[" not in word:
        raise Refusal("usage", f"one principal is asked about, not `{word}`", "`tfkms access` shows everybody")
    if _ACCOUNT.fullmatch(word):
        partition = sight.scan.resources[0].account.partition if sight.scan.resources else "aws"
        return [_root(word, partition)]
    if (found := _ARN.fullmatch(word)) is not None:
        return [_by_arn(found, sight)]
    if _SERVICE.fullmatch(word):
        return [Asker(word, callers.service(word, "aws"), Bundle(), in_view=True)]
    return list(_by_address(word, sight))


def _by_arn(found: "re.Match[str]", sight: Sight) -> Asker:
    arn, account, partition = found[0], found["account"], found["partition"]
    kind, _, name = found["resource"].partition("/")
    match found["service"], kind:
        case "iam", "root" if not name:
            return _root(account, partition)
        case "iam", ("role" | "user") if name:
            caller_kind = CallerKind.ROLE if kind == "role" else CallerKind.USER
            return holding(callers.named(caller_kind, arn, account, partition), arn, sight)
        case "sts", "assumed-role" if "/" in name:
            return holding(callers.session(arn, name.partition("/")[0], account, partition), arn, sight)
        case "sts", "federated-user" if name:
            return Asker(
                arn, callers.named(CallerKind.FEDERATED_USER, arn, account, partition), Bundle(), in_view=False
            )
        case _:
            hint = "give a role, a user, a session, an account's root, a service or the address of a role or user"
            raise Refusal("unknown-principal", f"`{arn}` names no principal that calls KMS", hint)


def _root(account: str, partition: str) -> Asker:
    caller = callers.root_user(account, partition)
    assert caller.name is not None
    return Asker(caller.name, caller, Bundle(), in_view=True)


def _by_address(word: str, sight: Sight) -> Iterator[Asker]:
    principal = sight.view.by_address.get(word)
    if principal is not None and principal.word in ("role", "user"):
        kind = CallerKind.ROLE if principal.word == "role" else CallerKind.USER
        caller = callers.named(kind, principal.arn, principal.account.id, principal.account.partition)
        yield holding(caller, principal.arn, sight, principal)
        return
    sets = [holder for holder in sight.question.holders if holder.identity.address == word and not _is_group(holder)]
    if sets:
        yield from (Asker(own.shown, own.caller, own.bundle, in_view=True, unseen=own.identity.unseen) for own in sets)
        return
    known = [address for address, own in sight.view.by_address.items() if own.word in ("role", "user")]
    known += [own.identity.address for own in sight.question.holders if own.identity.address is not None]
    if any(holder.identity.address == word for holder in sight.question.holders):
        raise Refusal("usage", f"`{word}` is a group, which makes no requests", "ask about one of its users")
    hint = did_you_mean(word, known) or "an ARN, the name of a service, or the address of a role or user of the input"
    raise Refusal("unknown-principal", f"there is no principal `{word}` in the input", hint)


def _is_group(holder: Holder) -> bool:
    return holder.identity.to_come


def holding(caller: Caller, shown: Text, sight: Sight, principal: Principal | None = None) -> Asker:
    """The caller with the documents of every holder that it is, and those of holders that it may be."""
    sure: list[Holder] = []
    possible: list[Bundle] = []
    for holder in sight.question.holders:
        match is_caller(holder, caller, principal):
            case True:
                sure.append(holder)
            case None:
                possible.append(holder.bundle)
            case False:
                pass
    bundle = Bundle(
        identity=tuple(policy for holder in sure for policy in holder.bundle.identity),
        boundaries=tuple(policy for holder in sure for policy in holder.bundle.boundaries),
    )
    bounded = any(holder.caller.bounded for holder in sure)
    tags = next((holder.caller.tags for holder in sure if holder.caller.tags is not None), None)
    unseen = tuple(arn for holder in sure for arn in holder.identity.unseen)
    managed = {own.arn for own in sight.view.by_address.values()}
    in_view = principal is not None or shown in managed or _role_in_view(caller, sight)
    return Asker(shown, replace(caller, bounded=bounded, tags=tags), bundle, in_view, unseen, tuple(possible))


def _role_in_view(caller: Caller, sight: Sight) -> bool:
    """Whether the session's role is one that the plan manages."""
    if caller.kind is not CallerKind.SESSION:
        return False
    role = callers.role_of(caller)
    found: Sequence[Principal] = list(sight.view.by_address.values())
    return any(own.word == "role" and own.name == role and own.account.id == caller.account for own in found)
