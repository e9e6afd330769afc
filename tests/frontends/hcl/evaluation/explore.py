"""Compare made-up expressions with Terraform (development only; needs terraform).

    python -m tests.frontends.hcl.evaluation.explore [SEED [BATCHES [SIZE]]]

Prints each expression on which tfkms and Terraform disagree.
"""

import sys
from random import Random

from tests.frontends.hcl.evaluation import oracle
from tests.frontends.hcl.evaluation.comparison import disagreement
from tests.frontends.hcl.evaluation.generated import expression
from tests.frontends.hcl.evaluation.generated_texts import call


def disagreements(asked: list[str]) -> list[str]:
    """What is wrong with each expression on which there is no agreement."""
    answers = oracle.ask(asked, oracle.UNKNOWN)
    completed = [oracle.ask(asked, names) for names in oracle.COMPLETIONS]
    found = []
    for number, text in enumerate(asked):
        completions = [answers[number] for answers in completed] if "local." in text else []
        wrong = disagreement(text, answers[number], completions)
        if wrong is not None:
            answer = answers[number]
            found.append(f"{text}\n    tfkms: {wrong}\n    terraform: {answer}")
    return found


if __name__ == "__main__":
    seed, batches, size = [int(argument) for argument in (*sys.argv[1:], *("0", "1", "500")[len(sys.argv) - 1 :])]
    total = 0
    for batch in range(batches):
        random = Random(seed + batch)
        for line in disagreements([random.choice((expression, call))(random) for _ in range(size)]):
            total += 1
            print(line)
    print(f"{total} disagreements in {batches * size} expressions")
