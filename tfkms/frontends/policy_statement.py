"""The `statement` blocks of the data source `aws_iam_policy_document`, as the AWS provider turns them into statements.

Source: hashicorp/terraform-provider-aws, internal/service/iam/policy_document_data_source.go. Sets of strings come out
in descending order, one alone as itself; the provider's defaults, which a deferred read does not show, are applied.
"""

from collections.abc import Mapping, Sequence

from tfkms.frontends.policy_json import ProviderError, joined_conditions, joined_principals
from tfkms.iam.automaton import may_match
from tfkms.iam.pattern import literal
from tfkms.values import Hole, Template, Text, Unknown, Value, hole_name, text, text_parts

DEFAULT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"
_EFFECTS = ("Allow", "Deny")


def own_statement(block: Value, version: Text) -> Value:
    """What a `statement` block says in a document of that version; raises ProviderError where the provider stops.

    The leaves that are not known stay holes. A block that is not known at all may say anything, and stays `Unknown`.
    """
    if isinstance(block, Unknown):
        return block
    if not isinstance(block, Mapping):
        raise ProviderError("a `statement` is no block")
    sid = optional_text(block.get("sid"), "sid")
    made: dict[str, Value] = {"Sid": sid} if sid != "" else {}
    made["Effect"] = chosen(block.get("effect"), "Allow", _EFFECTS, "effect")
    for member, argument in (("Action", "actions"), ("NotAction", "not_actions")):
        made |= _given(member, _set_of_texts(block.get(argument), argument))
    for member, argument in (("Resource", "resources"), ("NotResource", "not_resources")):
        made |= _given(member, _with_variables(_set_of_texts(block.get(argument), argument), version))
    for member, argument in (("Principal", "principals"), ("NotPrincipal", "not_principals")):
        made |= _given(member, _principals(block.get(argument), version, argument))
    return made | _given("Condition", _conditions(block.get("condition"), version))


def _given(member: str, value: Value) -> dict[str, Value]:
    return {} if value is None or value == () else {member: value}


def _text(value: Value, what: str) -> Text:
    """A text as Terraform converts to it."""
    match value:
        case str() | Template():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Unknown(hole):
            return text(hole)
        case None:
            raise ProviderError(f"a value in `{what}` is null")
        case _:
            raise ProviderError(f"a value in `{what}` is no string")


def optional_text(value: Value, what: str) -> Text:
    """The text of an argument, empty where it is null. Raises ProviderError."""
    return "" if value is None else _text(value, what)


def chosen(value: Value, default: str, allowed: Sequence[str], what: str) -> Text:
    """The text of an argument that takes only the allowed ones, the default where it is null. Raises ProviderError."""
    found = default if value is None else _text(value, what)
    if isinstance(found, str) and found not in allowed:
        raise ProviderError(f"its {what} is none of {', '.join(allowed)}")
    return found


def _set_of_texts(value: Value, what: str) -> Value:
    """A set of strings as the provider writes it: one alone, several in descending order; an empty one is ()."""
    match value:
        case None:
            return ()
        case Unknown():
            return value
        case tuple():
            texts = sorted(dict.fromkeys(_text(item, what) for item in value), key=str, reverse=True)
            return texts[0] if len(texts) == 1 else tuple(texts)
        case _:
            raise ProviderError(f"`{what}` is no set of strings")


def _with_variables(value: Value, version: Text) -> Value:
    """The value with `&{` turned into `${`, which version 2008-10-17 does not allow."""
    match value:
        case str() | Template():
            if version == OLD_VERSION and any("&{" in part for part in text_parts(value) if isinstance(part, str)):
                raise ProviderError(f"`&{{` stands in a document of version {OLD_VERSION}")
            return text(*(part.replace("&{", "${") if isinstance(part, str) else part for part in text_parts(value)))
        case tuple():
            return tuple(_with_variables(item, version) for item in value)
        case _:
            return value


def _blocks(value: Value, what: str) -> tuple[Value, ...] | Unknown:
    match value:
        case None:
            return ()
        case Unknown() | tuple():
            return value
        case _:
            raise ProviderError(f"`{what}` is no set of blocks")


def _principals(value: Value, version: Text, what: str) -> Value:
    blocks = _blocks(value, what)
    if isinstance(blocks, Unknown):
        return blocks
    pairs: list[tuple[str, Value]] = []
    for block in blocks:
        match block:
            case Unknown(hole):
                pairs.append((_unknown_name(hole), block))
            case Mapping():
                kind, identifiers = (
                    _text(block.get("type"), "type"),
                    _set_of_texts(block.get("identifiers"), "identifiers"),
                )
                if isinstance(kind, str):
                    pairs.append((kind, _with_variables(identifiers, version)))
                else:
                    hole = next(part for part in kind.parts if isinstance(part, Hole))
                    pairs.append((_unknown_name(hole), Unknown(hole)))
            case _:
                raise ProviderError(f"a member of `{what}` is no block")
    return joined_principals(pairs) if pairs else None


def _conditions(value: Value, version: Text) -> Value:
    blocks = _blocks(value, "condition")
    if isinstance(blocks, Unknown):
        return blocks
    triples: list[tuple[str, str, Value]] = []
    unsettled: list[tuple[Text, Text, Hole]] = []
    for block in blocks:
        match block:
            case Unknown(hole):
                unsettled.append((text(hole), text(hole), hole))
            case Mapping():
                test, variable = _text(block.get("test"), "test"), _text(block.get("variable"), "variable")
                if isinstance(test, str) and isinstance(variable, str):
                    triples.append((test, variable, _with_variables(_list_of_texts(block.get("values")), version)))
                else:
                    parts = (part for name in (test, variable) for part in text_parts(name))
                    unsettled.append((test, variable, next(part for part in parts if isinstance(part, Hole))))
            case _:
                raise ProviderError("a member of `condition` is no block")
    for test, variable, hole in unsettled:  # its values may be further ones of a condition that is known
        triples = [
            (own, key, Unknown(hole) if may_be_equal(own, test) and may_be_equal(key, variable) else values)
            for own, key, values in triples
        ]
    whole = {_unknown_name(hole): Unknown(hole) for _, _, hole in unsettled}
    return {**joined_conditions(triples), **whole} or None


def may_be_equal(one: Text, other: Text) -> bool:
    """Whether two texts may be the same once their holes are known."""
    return may_match(literal(one), other)


def _list_of_texts(value: Value) -> Value:
    match value:
        case None:
            return ()
        case Unknown():
            return value
        case tuple():
            return tuple(_text(item, "values") for item in value)
        case _:
            raise ProviderError("`values` is no list of strings")


def _unknown_name(hole: Hole) -> str:
    """A member's name for what is not known; no type of principal and no operator reads like it."""
    return f"${{{hole_name(hole)}}}"
