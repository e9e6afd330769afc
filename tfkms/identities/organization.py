"""The control policies of an organization, and what they are attached to."""

from collections.abc import Iterator, Mapping, Sequence

from tfkms.documents import Document, Kind, hinted
from tfkms.identities.holding import Guard
from tfkms.identities.principals_in_view import View
from tfkms.model import Resource
from tfkms.values import Text, Unknown, text


def guards(view: View, documents: Mapping[str, Sequence[Document]]) -> Iterator[Guard]:
    """The service and resource control policies in view that are attached to anything, by the address of the policy."""
    for resource in view.scan.resources:
        if resource.block_type != "aws_organizations_policy":
            continue
        kind = "rcp" if view.values(resource).get("type") == "RESOURCE_CONTROL_POLICY" else "scp"
        targets = tuple(_targets(view, resource))
        for document in documents.get(resource.address, ()):
            if document.kind is Kind.GUARD and targets:
                yield Guard(document, kind, targets)


def _targets(view: View, policy: Resource) -> Iterator[Text]:
    own = view.values(policy).get("id")
    for resource in view.scan.resources:
        if resource.block_type != "aws_organizations_policy_attachment":
            continue
        values = view.values(resource)
        doubt = resource.presence
        match values.get("policy_id"):
            case Unknown(hole):
                links = resource.links.get("policy_id")
                reached = set(view.linked(resource, "policy_id"))
                complete = links is not None and links.complete
                if complete and policy.address not in reached:
                    continue
                doubt = doubt if complete and len(reached) == 1 else hinted(resource, hole)
            case named if named is None or named != own:
                continue
            case _:
                pass
        match values.get("target_id"):
            case str() as target:
                yield target if doubt is None else text(doubt)
            case Unknown(hole):
                yield text(hole)
            case _:
                pass
