"""Grants on KMS keys, as the statements that they amount to.

A grant allows its grantee the operations that it lists on one key, and nothing else; explicit Denies still count (AWS
KMS Developer Guide, grants).
"""

from collections.abc import Iterator, Mapping

from tfkms.documents import hinted
from tfkms.extract import Estate
from tfkms.iam.document import (
    Condition,
    Effect,
    Opaque,
    Patterns,
    PrincipalName,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.doubt import doubt
from tfkms.iam.operators import operator
from tfkms.identities.holding import KmsGrant
from tfkms.identities.principals_in_view import View
from tfkms.location import Origin
from tfkms.model import Resource
from tfkms.values import Template, Text, Unknown, Value, holes, text

GRANT = "aws_kms_grant"


def kms_grants(view: View, estate: Estate) -> Iterator[KmsGrant]:
    """Every grant in view. A grantee that is known after apply is predicted from the role or user that it refers to;
    one whose key cannot be told may be on any of those that it refers to, or without a reference on any at all."""
    every = {key.address for key in estate.keys}
    looked_up = {resource.address for resource in view.scan.resources if resource.block_type == "data.aws_kms_key"}
    for resource in view.scan.resources:
        values = view.values(resource)
        if resource.block_type != GRANT or not values:
            continue
        named = values.get("key_id")
        keys = {named} if isinstance(named, str) else (every | looked_up).intersection(view.linked(resource, "key_id"))
        doubts: tuple[Condition, ...] = () if resource.presence is None else (doubt(resource.presence),)
        hole = next((own for _, _, own in holes(named)), None)
        if hole is not None:
            links = resource.links.get("key_id")
            whole = bool(keys) and links is not None and links.complete
            doubts = doubts if whole and len(keys) == 1 else (*doubts, doubt(hinted(resource, hole)))
            keys = keys if whole else keys | every
        grantees = tuple(PrincipalName(PrincipalType.AWS, grantee) for grantee in _grantees(view, resource))
        for actions, conditions in _operations(values.get("operations"), tuple(_constraints(values))):
            statement = Statement(
                origin=Origin(resource.address, ""),
                sid=None,
                effect=Effect.ALLOW,
                principals=Principals(False, grantees),
                actions=actions,
                resources=Patterns(False, ("*",)),
                conditions=(*doubts, *conditions),
                variables=False,
                source={name: values[name] for name in _SHOWN if values.get(name)},
            )
            yield KmsGrant(resource.address, frozenset(keys), statement)


_SHOWN = ("name", "grantee_principal", "operations", "constraints")


def _grantees(view: View, resource: Resource) -> Iterator[Text]:
    match view.values(resource).get("grantee_principal"):
        case str() | Template() as grantee:
            yield grantee
        case Unknown(hole):
            links = resource.links.get("grantee_principal")
            addresses = dict.fromkeys(view.linked(resource, "grantee_principal"))
            linked = [view.by_address[address] for address in addresses if address in view.by_address]
            if links is None or not links.complete or not linked:
                yield text(hole)
            elif len(linked) == 1:
                yield linked[0].arn
            else:
                yield view.one_of(linked, hinted(resource, hole)).arn
        case _:
            pass


_WITH_CONTEXT = frozenset(
    {
        *("Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyPair"),
        *("GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"),
    }
)
"""The operations that have an encryption context: a grant's constraints are applied to these alone (AWS KMS API
Reference, GrantConstraints)."""


def _operations(
    value: Value, constraints: tuple[Condition, ...]
) -> Iterator[tuple[Patterns, tuple[Condition, ...]]]:  # fmt: skip
    """The operations of a grant as actions: those that its constraints are applied to with them, and the others."""
    items = value if isinstance(value, tuple) else (value,)
    unknown = tuple(Opaque(item.hole) for item in items if isinstance(item, Unknown))
    known = [item for item in items if isinstance(item, str)]
    bound = [item for item in known if constraints and item in _WITH_CONTEXT]
    free = tuple(f"kms:{item}" for item in known if item not in bound)
    if free or unknown:
        yield Patterns(False, free, unknown), ()
    if bound:
        yield Patterns(False, tuple(f"kms:{item}" for item in bound)), constraints


def _constraints(values: Mapping[str, Value]) -> Iterator[Condition]:
    """The pairs that a grant demands of the encryption context, as conditions. Unknown ones narrow nobody: whoever uses
    the grant chooses the context."""
    equals = operator("StringEquals")
    assert equals is not None
    blocks = values.get("constraints")
    for block in blocks if isinstance(blocks, tuple) else ():
        for argument in ("encryption_context_equals", "encryption_context_subset"):
            pairs = block.get(argument) if isinstance(block, Mapping) else None
            for name, value in pairs.items() if isinstance(pairs, Mapping) else ():
                if isinstance(value, str | Template):
                    yield Condition(equals, f"kms:EncryptionContext:{name}", (value,))
