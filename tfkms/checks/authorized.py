"""Who is authorized: patterns over principals, and what keeps a caller apart from them."""

from msgspec import Struct

from tfkms.iam.automaton import matches, may_match
from tfkms.iam.callers import Caller, CallerKind, with_plain_path
from tfkms.iam.comparisons import Like, unsure
from tfkms.iam.conditions import Atom
from tfkms.iam.grants import Conjunction
from tfkms.iam.naming import PRINCIPAL_ARN
from tfkms.iam.pattern import arn_glob, glob
from tfkms.iam.principals import either, equal
from tfkms.iam.search import find
from tfkms.values import Hole, Text, text, text_parts


class Authorized(Struct, frozen=True):
    """Who may do what a guardrail guards: patterns over `aws:PrincipalArn`, and names of services.

    `${account_id}` in a pattern stands for the account of the keys that are asked about.
    """

    arns: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.arns or self.services)

    def __or__(self, more: "Authorized") -> "Authorized":
        """Those of both lists."""
        arns = dict.fromkeys((*self.arns, *more.arns))
        return Authorized(tuple(arns), tuple(dict.fromkeys((*self.services, *more.services))))

    def barring(self, caller: Caller, account: Text) -> tuple[Conjunction, ...] | None:
        """The clauses that keep the caller apart from the authorized ones; None if it is authorized whatever it does.

        The root user of the account is always authorized.

        `account` is that of the keys that are asked about. A session, whose ARN does not tell the path of its role, is
        matched by the role's name.
        """
        match caller.kind:
            case CallerKind.ROOT:
                own = equal(caller.account, account)
                return None if own.certain else ((own.negated(),),)
            case CallerKind.SERVICE:
                assert caller.name is not None
                listed = either(*(equal(caller.name, service) for service in self.services))
                return None if listed.certain else ((listed.negated(),),)
            case CallerKind.SESSION:
                return self._barring_session(caller, account)
            case _:
                clause = self._apart(account)
                return () if clause is None else (clause,)

    def _barring_session(self, caller: Caller, account: Text) -> tuple[Conjunction, ...] | None:
        assert not isinstance(caller.principal_arn, tuple)
        role = with_plain_path(caller.principal_arn)
        if isinstance(role, str):
            return self.barring_by_name(role.rpartition("/")[2], "role", caller, account)
        clause = self._apart(account)
        return () if clause is None else (clause,)

    def barring_by_name(
        self, name: str, word: str, caller: Caller, account: Text
    ) -> tuple[Conjunction, ...] | None:  # fmt: skip
        """As `barring`, for a role or user of which the name is known and the path is not.

        Names are unique in an account: whoever has the name that an entry ends with is the one it means. Where an entry
        goes by the path alone (it ends with `/*`), the clauses cannot be known to hold.
        """
        if any(_ends_with(entry, name, word, caller.account, account) for entry in self.arns):
            return None
        arns = caller.principal_arn
        by_path = (arn_glob(_within(entry, account)) for entry in self.arns if entry.endswith("/*"))
        entries = [pattern for pattern in by_path if pattern is not None]
        if isinstance(arns, tuple):
            told_by_path = any(find([arns, [entry]], ()) is not None for entry in entries)
        else:
            told_by_path = any(may_match(entry, arns) for entry in entries)
        if not told_by_path:
            return ()
        clause = self._apart(account)
        reason = f"the path of {word} `{name}`, by which the authorized principals tell it, is not known"
        doubt = unsure(Hole("", "", reason))
        return () if clause is None else (clause, (doubt,))

    def _apart(self, account: Text) -> Conjunction | None:
        globs = (arn_glob(_within(entry, account)) for entry in self.arns)
        patterns = tuple(pattern for pattern in globs if pattern is not None)
        if not patterns:
            return None
        return (Atom(PRINCIPAL_ARN, Like(patterns), positive=False, when_absent=True),)


NOBODY = Authorized()


_ACCOUNT = "${account_id}"


def _within(entry: str, account: Text) -> Text:
    """The entry with the account in place of `${account_id}`."""
    first, *rest = entry.split(_ACCOUNT)
    parts: list[str | Hole] = [first]
    for part in rest:
        parts += [*text_parts(account), part]
    return text(*parts)


def _ends_with(entry: str, name: str, word: str, own: Text, account: Text) -> bool:
    """Whether the entry is for principals of the kind, in the account `own`, and ends with the name, its path aside."""
    parts = entry.split(":", 5)
    last = parts[-1].rpartition("/")[2]
    if len(parts) < 6 or not parts[5].startswith((f"{word}/", "*")) or last == "*":
        return False
    return matches(glob(last), name) and matches(glob(_within(parts[4], account)), own)
