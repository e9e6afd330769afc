"""Documents that may bear on a principal: what they grant they may grant, and what they deny they may deny."""

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.documents import Document, State
from tfkms.iam.document import AnyStatement, Effect, Statement
from tfkms.iam.doubt import doubted_statement
from tfkms.values import Hole


class Doubtful(Struct):
    """The doubtful forms of documents, each made once; of statements with these effects only.

    `origins` tells of each (by its `id`) what it was made of, and the doubt.
    """

    effects: frozenset[Effect] = frozenset(Effect)
    made: dict[tuple[int, Hole], Document] = field(default_factory=dict)
    origins: dict[int, tuple[Document, Hole]] = field(default_factory=dict)

    def of(self, document: Document, hole: Hole | None) -> Document:
        """The document as one that bears on a principal only if the hole turns out so; itself without a hole."""
        if hole is None:
            return document
        key = (id(document), hole)
        if key not in self.made:
            statements = tuple(self.statement(own, hole) for own in document.policy)
            state = State.PARTIAL if document.state is State.KNOWN else document.state
            made = replace(document, state=state, policy=replace(document.policy, statements=statements))
            self.made[key] = made
            self.origins[id(made)] = (document, hole)
        return self.made[key]

    def statement(self, own: AnyStatement, hole: Hole) -> AnyStatement:
        """The statement under the doubt."""
        if not isinstance(own, Statement) or own.effect not in self.effects:
            return own
        return doubted_statement(own, hole)
