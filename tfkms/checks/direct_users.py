"""Who may use a key beside the services: the principals that the settings name, and the services' own roles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from tfkms.checks.authorized import Authorized
from tfkms.checks.stance import CountsAs, ServiceAccess
from tfkms.documents import Moment, attributes
from tfkms.iam.callers import Caller
from tfkms.iam.grants import Conjunction
from tfkms.identities.principals_in_view import View
from tfkms.key_uses import KeyUse, Mode
from tfkms.model import Resource, Scan
from tfkms.values import Text, Value

_LINKED = ":role/aws-service-role/"


class DirectUsers(Struct, frozen=True):
    """Those who may use a key directly: `listed`, the `roles` of these ARNs, and with `linked` service-linked roles."""

    listed: Authorized
    roles: frozenset[Text]
    linked: bool

    def barring(self, caller: Caller, account: Text) -> tuple[Conjunction, ...] | None:
        """The clauses that keep the caller apart from them; None if it is one of them. `account` is the key's."""
        if caller.name is not None and caller.name in self.roles:
            return None
        if self.linked and isinstance(caller.name, str) and _LINKED in caller.name:
            return None
        return self.listed.barring(caller, account)


def direct_users(scan: Scan, moment: Moment, uses: Sequence[KeyUse], access: ServiceAccess) -> DirectUsers:
    """Those who may use the key with these uses.

    Where named principals count as violations, service-linked roles are among them, and the roles that are handed to a
    service which uses the key by a role.
    """
    strict = access.named_principals is CountsAs.VIOLATION
    by_role = {use.address for use in uses if use.service.mode is Mode.ROLE}
    roles = frozenset(_handed(scan, moment, by_role)) if strict and by_role else frozenset[Text]()
    return DirectUsers(access.direct_users, roles, linked=strict)


def _handed(scan: Scan, moment: Moment, addresses: Iterable[str]) -> Iterator[Text]:
    """The ARNs of the roles that resources are given, by value or by reference."""
    view = View(scan, moment)
    wanted = frozenset(addresses)
    for resource in scan.resources:
        if resource.address in wanted:
            yield from (value for value in _texts(attributes(resource, moment) or {}) if ":role/" in value)
            yield from _referred(resource, view)


def _referred(resource: Resource, view: View) -> Iterator[Text]:
    for links in resource.links.values():
        yield from (view.by_address[link.address].arn for link in links.links if link.address in view.words["role"])


def _texts(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple():
            for item in value:
                yield from _texts(item)
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case _:
            pass
