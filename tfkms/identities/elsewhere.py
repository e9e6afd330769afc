"""What a role's own attributes repeat of other resources.

The state of an `aws_iam_role` lists every inline and attached policy of the role as of the last refresh, whoever put
it there (provider documentation of `aws_iam_role`: `inline_policy` and `managed_policy_arns` are read back where the
configuration leaves them out). What another resource of the plan says of the same policy is newer.
"""

from collections.abc import Container, Iterator, Mapping

from msgspec import Struct, field

from tfkms.documents import Document
from tfkms.identities.principals_in_view import Principal, View
from tfkms.model import Given
from tfkms.values import Value

_ATTACHMENTS = {
    "aws_iam_role_policy_attachment": "role",
    "aws_iam_policy_attachment": "roles",
    "aws_iam_role_policy_attachments_exclusive": "role_name",
}
_POLICIES = {"aws_iam_role_policy": "role"}


class _Anything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


class Elsewhere(Struct):
    """The policies of roles that resources of their own stand for, before or after, by the role's name."""

    view: View
    inline: dict[str, set[str]] = field(default_factory=dict)
    attached: dict[str, set[str]] = field(default_factory=dict)
    only_inline: dict[str, set[str]] = field(default_factory=dict)
    only_attached: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for resource in self.view.scan.resources:
            for values in (resource.before, resource.after):
                for role in _texts((values or {}).get(_POLICIES.get(resource.block_type, ""))):
                    self.inline.setdefault(role, set()).update(_texts((values or {}).get("name")))
                for role in _texts((values or {}).get(_ATTACHMENTS.get(resource.block_type, ""))):
                    arns = (*_texts((values or {}).get("policy_arn")), *_texts((values or {}).get("policy_arns")))
                    self.attached.setdefault(role, set()).update(arns)
            now = self.view.values(resource)
            match resource.block_type:
                case "aws_iam_role_policies_exclusive":
                    self.only_inline |= {
                        role: set(_texts(now.get("policy_names"))) for role in _texts(now.get("role_name"))
                    }
                case "aws_iam_role_policy_attachments_exclusive":
                    self.only_attached |= set(_texts(now.get("role_name")))
                case _:
                    pass

    def arns(self, role: Principal) -> Container[str]:
        """The ARNs in the role's own list that other resources tell of."""
        name = _readable(role, "managed_policy_arns")
        if name is None:
            return ()
        return _Anything() if name in self.only_attached else self.attached.get(name, ())

    def has_document(self, role: Principal, document: Document) -> bool:
        """Whether another resource tells of the role's inline policy."""
        name = _readable(role, "inline_policy")
        blocks = role.values.get("inline_policy")
        _, _, place, *_ = (*document.attribute.split("/"), "", "")
        if name is None or not isinstance(blocks, tuple) or not place.isdecimal():
            return False
        own = blocks[int(place)]
        called = own.get("name") if isinstance(own, Mapping) else None
        if name in self.only_inline and called not in self.only_inline[name]:
            return True
        return called in self.inline.get(name, ())


def _readable(role: Principal, argument: str) -> str | None:
    """The role's name, where the argument is read back rather than configured."""
    if role.resource is None or role.word != "role" or isinstance(role.resource.argument(argument), Given):
        return None
    return role.name if isinstance(role.name, str) else None


def _texts(value: Value) -> Iterator[str]:
    yield from (item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, str) and item)
