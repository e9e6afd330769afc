"""The policies that arguments mean: which documents they put on a principal, and which are not in view."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.documents import Document, Kind, State, aws_managed
from tfkms.finding import UnseenPolicy
from tfkms.iam.parse import parse_policy
from tfkms.identities.doubt import Doubtful
from tfkms.identities.held import Held
from tfkms.identities.holding import Attachment
from tfkms.identities.principals_in_view import Reached, View
from tfkms.location import Origin
from tfkms.model import Resource
from tfkms.values import Hole, Unknown, Value

Managed = Callable[[str], Value | None]
"""The KMS statements of an AWS managed policy by its name, as a document; None for one that has none."""

_NOTHING: Mapping[str, Value] = {"Version": "2012-10-17", "Statement": ()}


class Policies(Struct):
    """The identity documents of a view by the address of their resource, and what became of them.

    `used` are those (their `id`) that are on somebody, `several` the holes that may stand for one of several policies.
    """

    view: View
    managed: Managed
    documents: Mapping[str, Sequence[Document]]
    doubtful: Doubtful = field(default_factory=Doubtful)
    used: set[int] = field(default_factory=set)
    several: set[Hole] = field(default_factory=set)

    def use(self, address: str, document: Document) -> Attachment:
        """The document as one that is on somebody, by the resource at `address`."""
        self.used.add(id(document))
        return Attachment(address, document)

    def doubted(self, attachment: Attachment, hole: Hole | None) -> Attachment:
        """The attachment as one that is there only if the hole turns out so; itself without a hole."""
        return replace(attachment, document=self.doubtful.of(attachment.document, hole))

    def attach(
        self,
        resource: Resource,
        argument: str,
        targets: Sequence[tuple[Held, Hole | None]],
        but: Container[str] = (),
    ) -> None:
        """Puts the managed policies that an argument names, all `but` those ARNs, on the targets."""
        found, unseen = self.meant(resource, argument, but)
        for held, hole in targets:
            held.policies += [self.doubted(attachment, hole) for attachment in found]
            held.unseen += [UnseenPolicy(arn, resource.address, held.principal.arn) for arn in unseen]

    def meant(self, resource: Resource, argument: str, but: Container[str] = ()) -> tuple[list[Attachment], list[str]]:
        """The documents of the managed policies that an argument names, and the ARNs of those that are not in view."""
        value = self.view.values(resource).get(argument)
        found: list[Attachment] = []
        unseen: list[str] = []
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) and item and item not in but:
                known = list(self.of_arn(item, resource))
                found += known
                if not known and ":aws:policy/" not in item:
                    unseen.append(item)
        for reached in self.view.reached(resource, argument, value, self.view.policies):
            found += self.reached(reached, resource, argument)
        return found, unseen

    def reached(self, reached: Reached, resource: Resource, argument: str) -> Iterator[Attachment]:
        """The documents of the policies that a hole may stand for, and one that may say anything where that is not
        all."""
        hole = None if reached.sure else reached.hole
        self.several |= set() if hole is None else {hole}
        for address in reached.addresses:
            for document in self.documents.get(address, ()):
                yield self.doubted(self.use(address, document), hole)
        if not reached.whole:
            yield self.opaque(resource, argument, reached.hole)

    def of_arn(self, arn: str, resource: Resource) -> Iterator[Attachment]:
        """The documents behind a managed policy's ARN: AWS's own, or those of a policy in view."""
        name = aws_managed(arn)
        addresses = self.view.by_arn.get(arn, ())
        in_view = [document for address in addresses for document in self.documents.get(address, ())]
        for document in in_view:
            yield self.use(document.address if name is None else resource.address, document)
        if name is not None and not in_view:
            content = self.managed(name)
            yield Attachment(resource.address, self.made(resource, arn, _NOTHING if content is None else content))

    def made(self, resource: Resource, arn: str, content: Value) -> Document:
        """The document of an AWS managed policy, as if the attaching resource held it."""
        attribute = f"/{arn.rpartition('/')[2]}"
        policy, _ = parse_policy(content, Origin(resource.address, attribute))
        moment, name = self.view.moment, aws_managed(arn)
        return Document(
            resource, attribute, Kind.IDENTITY, State.KNOWN, policy, content, False, moment, aws_managed=name
        )

    def opaque(self, resource: Resource, argument: str, hole: Hole) -> Attachment:
        """A policy of which not even the ARN is known: it may allow anything."""
        value = Unknown(hole)
        policy, _ = parse_policy(value, Origin(resource.address, f"/{argument}"))
        moment = self.view.moment
        document = Document(resource, f"/{argument}", Kind.IDENTITY, State.UNKNOWN, policy, value, False, moment)
        return Attachment(resource.address, document)
