"""What the second evaluator has said of witnesses, and by what, so that it can be asked again of one like them."""

from tfkms.finding import Witness
from tfkms.iam.simulate import Answer, Documents, Request, simulate


class Opinions:
    """The opinions on the witnesses of one check."""

    def __init__(self) -> None:
        # The witness is kept with its opinion, or another could have its `id`.
        self._given: dict[int, tuple[Witness, Documents, frozenset[str], Answer]] = {}

    def agrees(self, proof: Witness, documents: Documents, crossing: frozenset[str], expected: Answer) -> bool:
        """Whether the answer to the witness's request, by these documents, is the one that it is to prove."""
        self._given[id(proof)] = proof, documents, crossing, expected
        return simulate(_request(proof), documents, crossing) is expected

    def agrees_on_like(self, proof: Witness, like: Witness) -> bool:
        """Whether the answer is the same for a witness as for one that differs in the key alone, whose policy reads
        alike; not if nobody was asked about that one."""
        given = self._given.get(id(like))
        if given is None:
            return False
        _, documents, crossing, expected = given
        return simulate(_request(proof), documents, crossing) is expected


def _request(proof: Witness) -> Request:
    return Request(proof.principal, proof.action, proof.resource, proof.context)
