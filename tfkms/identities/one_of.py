"""What binds a principal of which it is not known which one it is, and who holds a policy that may be on several."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from tfkms.documents import Document, State
from tfkms.iam.doubt import denials
from tfkms.iam.parse import parse_policy
from tfkms.identities.held import Held
from tfkms.identities.holding import Attachment
from tfkms.identities.principals_in_view import Principal, View
from tfkms.location import Origin
from tfkms.values import Hole, Unknown, text_holes


def restrained(held: Held, options: Iterable[Held]) -> Held:
    """The principal with what may bind it: it may be one of the options, and whatever denies that one anything.

    What the options are granted is no part of it: each of them is asked about by itself.
    """
    hole = text_holes(held.principal.name)[0]
    policies: list[Attachment] = []
    boundaries: list[Attachment] = []
    for option in options:
        policies += _denials(option.policies, hole)
        boundaries += [_any_boundary(own, hole) for own in option.boundaries[:1]]
    if not policies and not boundaries:
        return held
    return replace(
        held,
        policies=[*held.policies, *policies],
        boundaries=[*held.boundaries, *boundaries],
        bounded=held.bounded or bool(boundaries),
    )


def _denials(policies: Iterable[Attachment], hole: Hole) -> Iterator[Attachment]:
    for own in policies:
        policy = denials(own.document.policy, hole)
        if policy is not None:
            yield replace(own, document=replace(own.document, state=State.PARTIAL, policy=policy))


def _any_boundary(boundary: Attachment, hole: Hole) -> Attachment:
    policy, _ = parse_policy(Unknown(hole), Origin(boundary.address, boundary.document.attribute))
    return replace(boundary, document=replace(boundary.document, policy=policy))


def on_one_of_several(
    held: Iterable[Held], view: View, origin: Callable[[Document], tuple[Document, Hole] | None]
) -> Iterator[Held]:
    """For each policy that is on one of several principals, and surely on none, the one that it is on.

    `origin` tells the document that one in doubt was made of, and the doubt; None where there is none.
    """
    surely: set[int] = set()
    perhaps: dict[int, tuple[Attachment, Hole, list[Principal]]] = {}
    for own in held:
        for attachment in own.policies:
            found = origin(attachment.document)
            if found is None:
                surely.add(id(attachment.document))
            else:
                document, hole = found
                entry = perhaps.setdefault(id(document), (replace(attachment, document=document), hole, []))
                entry[2].append(own.principal)
    for place, (attachment, hole, options) in perhaps.items():
        if place not in surely and _alike(options):
            yield Held(view.one_of(options, hole), [attachment])


def _alike(options: Sequence[Principal]) -> bool:
    first = options[0]
    return first.word != "group" and all((own.word, own.account) == (first.word, first.account) for own in options)
