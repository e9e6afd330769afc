"""Which AWS services use a key in this plan, by the arguments of the resources that name it."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from tfkms.documents import Moment, attributes
from tfkms.extract import Key
from tfkms.model import Resource, Scan
from tfkms.values import Text, Unknown, Value, text


class Mode(StrEnum):
    """How a service calls KMS; the words of `rules/data/kms-services.yaml`."""

    CALLER = "caller"
    GRANT = "grant"
    SERVICE_PRINCIPAL = "service_principal"
    ROLE = "role"
    UNVERIFIED = "unverified"


class Service(Struct, frozen=True):
    """A service as a user of keys.

    `via` is its label in `kms:ViaService` (`LABEL.REGION.amazonaws.com`), None where it has none. `principals` are the
    service principals that it calls as (`{region}` stands for the Region), `scope` the condition keys that its guide
    uses to narrow a statement for them; an empty one where none may be used. `context` is the encryption context key
    that names its resource.
    """

    name: str
    via: str | None
    mode: Mode
    principals: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    context: str | None = None


class Services(Struct, frozen=True):
    """The table of services: by name, the arguments that name a key by resource type, and the known labels."""

    by_name: Mapping[str, Service]
    arguments: Mapping[str, tuple[Service, tuple[str, ...]]]
    labels: frozenset[str]

    def words(self) -> Mapping[str, tuple[bytes, ...]]:
        """By resource type the last names of its key arguments: one that mentions none of them uses no key."""
        return {
            kind: tuple({f'"{path.rpartition(".")[2]}"'.encode() for path in paths})
            for kind, (_, paths) in self.arguments.items()
        }


class KeyUse(Struct, frozen=True):
    """A resource that uses a key; `service` is how it does."""

    address: str
    service: Service


KEY_ALIAS = "aws_kms_alias"


def key_uses(
    scan: Scan, keys: Sequence[Key], services: Services, moment: Moment
) -> Mapping[str, tuple[KeyUse, ...]]:  # fmt: skip
    """The uses of each key, by the key's address. A key is meant by its id, its ARN, an alias of it, or a reference."""
    names = key_names(scan, keys, moment)
    found: dict[str, list[KeyUse]] = {key.address: [] for key in keys}
    for resource in scan.resources:
        entry = services.arguments.get(resource.block_type)
        values = attributes(resource, moment)
        if entry is None or values is None:
            continue
        service, paths = entry
        for address in dict.fromkeys(key for path in paths for key in _meant(resource, values, path, names)):
            found[address].append(KeyUse(resource.address, service))
    return {address: tuple(uses) for address, uses in found.items()}


def aliases(scan: Scan, keys: Sequence[Key], moment: Moment) -> Mapping[str, tuple[Text, ...]]:
    """The names of the aliases that the plan gives each key, by the key's address; an unknown one is a hole."""
    names = key_names(scan, keys, moment)
    found: dict[str, list[Text]] = {key.address: [] for key in keys}
    for alias in scan.resources:
        values = attributes(alias, moment)
        if alias.type != KEY_ALIAS or values is None:
            continue
        targets, target = names.get(alias.address, ()), values.get("target_key_id")
        for key in targets:
            match values.get("name"):
                case _ if len(targets) > 1 and isinstance(target, Unknown):
                    found[key].append(text(target.hole))
                case str() as name:
                    found[key].append(name)
                case Unknown(hole):
                    found[key].append(text(hole))
                case _:
                    pass
    return {address: tuple(own) for address, own in found.items()}


def key_names(scan: Scan, keys: Sequence[Key], moment: Moment) -> Mapping[str, tuple[str, ...]]:
    """What names a key in this plan, with the key's address: ids, ARNs, and its own and its aliases' addresses.

    An alias of which it is not known whose it is has the addresses of all that it may be of.
    """
    own: dict[str, str] = {}
    for key in keys:
        own[key.address] = key.address
        values = attributes(key.resource, moment) or {}
        own |= {value: key.address for name in ("key_id", "id", "arn") if isinstance(value := values.get(name), str)}
    names: dict[str, tuple[str, ...]] = {name: (address,) for name, address in own.items()}
    for alias in scan.resources:
        given = attributes(alias, moment)
        if alias.type != KEY_ALIAS or given is None:
            continue
        targets = tuple(dict.fromkeys(own[name] for name in _pointers(alias, given, "target_key_id") if name in own))
        if not targets:
            continue
        names[alias.address] = targets
        for name in ("name", "arn", "id"):
            if isinstance(value := given.get(name), str):
                names[value] = targets
    return names


def _meant(
    resource: Resource, values: Mapping[str, Value], path: str, names: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for pointer in _pointers(resource, values, path):
        yield from names.get(pointer, ())


def _pointers(resource: Resource, values: Mapping[str, Value], path: str) -> Iterator[str]:
    """The texts that stand at a dotted path, and the addresses that its references lead to."""
    texts = [found for found in _at(values, path.split(".")) if isinstance(found, str)]
    yield from texts
    links = resource.links.get(path)
    if links is not None and not texts:
        yield from (link.address for link in links.links)


def _at(value: Value, steps: list[str]) -> Iterator[Value]:
    """What stands at the end of the steps; list blocks are passed through."""
    match value:
        case tuple():
            for item in value:
                yield from _at(item, steps)
        case Mapping() if steps:
            if steps[0] in value:
                yield from _at(value[steps[0]], steps[1:])
        case _:
            if not steps:
                yield value
