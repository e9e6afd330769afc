"""Provider blocks, with what they say of Region and role evaluated."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.export import to_value
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.plan_format import Configuration, ProviderConfig
from tfkms.frontends.source.configuration import ModuleInstance
from tfkms.values import plain

AWS = "aws"
SILENT = frozenset({"default_tags", "ignore_tags", "endpoints", "max_retries", "retry_mode"})
"""Arguments and blocks of a provider that say nothing of account and Region."""


def evaluated_providers(configuration: Configuration, root: ModuleInstance) -> Mapping[str, ProviderConfig]:
    """The provider blocks by key; those of AWS in the root module with the values of their arguments, where known."""
    providers = dict(configuration.provider_config)
    for declaration in root.module.index.of_type("provider", AWS):
        telling = [own for own in declaration.items if getattr(own.item, "name", None) not in SILENT]
        telling = [own for own in telling if getattr(own.item, "type", None) not in SILENT]
        members = root.reader.members(telling, root.scope)
        alias = members.pop("alias", None)
        name = declaration.labels[0] if declaration.labels else ""
        key = f"{name}.{alias.value}" if isinstance(alias, terms.Text) else name
        known = providers.get(key)
        if known is not None:
            expressions = Raw(msgspec.json.encode({own: _expression(term) for own, term in members.items()}))
            providers[key] = msgspec.structs.replace(known, expressions=expressions)
    return providers


def _expression(term: Term) -> Any:
    """The expression as a plan has it: constant where the value is known, a nested block as a list."""
    match term:
        case terms.Tuple(items=items) if items and all(isinstance(item, terms.Object) for item in items):
            return [
                {name: _expression(member) for name, member in item.members.items()}
                for item in items
                if isinstance(item, terms.Object)
            ]
        case _ if term.whole and not term.marked:
            return {"constant_value": plain(to_value(term))}
        case _:
            hole = terms.first_hole(term)
            return {"references": list(hole.references) if hole else []}
