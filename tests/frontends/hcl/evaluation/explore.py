"""Compare made-up expressions and variables with Terraform (development only; needs terraform).

    python -m tests.frontends.hcl.evaluation.explore [SEED [BATCHES [SIZE]]]

Prints each expression, and each variable of a module, on which tfkms and Terraform disagree.
"""

import sys
from random import Random

from tests.frontends.hcl.evaluation import oracle
from tests.frontends.hcl.evaluation.comparison import difference, disagreement, passed_on
from tests.frontends.hcl.evaluation.generated import expression, hidden
from tests.frontends.hcl.evaluation.generated_texts import call
from tests.frontends.hcl.evaluation.generated_types import variable
from tests.frontends.hcl.evaluation.oracle import Answer, Variable


def disagreements(asked: list[str]) -> list[str]:
    """What is wrong with each expression on which there is no agreement."""
    answers = oracle.ask(asked, oracle.UNKNOWN)
    completed = [oracle.ask(asked, names) for names in oracle.COMPLETIONS]
    found = []
    for number, text in enumerate(asked):
        completions = [answers[number] for answers in completed] if "local." in text else []
        found += _told(text, disagreement(text, answers[number], completions), answers[number])
    return found


def disagreements_on_variables(asked: list[Variable]) -> list[str]:
    """What is wrong with each variable on whose value there is no agreement."""
    answers = oracle.pass_on(asked, oracle.UNKNOWN)
    completed = [oracle.pass_on(asked, names) for names in oracle.COMPLETIONS]
    found = []
    for number, given in enumerate(asked):
        completions = [answers[number] for answers in completed] if "local." in (given.given or "") else []
        found += _told(str(given), difference(passed_on(given), answers[number], completions), answers[number])
    return found


def _told(asked: str, wrong: str | None, answer: Answer) -> list[str]:
    return [] if wrong is None else [f"{asked}\n    tfkms: {wrong}\n    terraform: {answer}"]


if __name__ == "__main__":
    seed, batches, size = [int(argument) for argument in (*sys.argv[1:], *("0", "1", "500")[len(sys.argv) - 1 :])]
    total = 0
    for batch in range(batches):
        random = Random(seed + batch)
        for line in (
            *disagreements([random.choice((expression, call, hidden))(random) for _ in range(size)]),
            *disagreements_on_variables([variable(random) for _ in range(size // 5)]),
        ):
            total += 1
            print(line, flush=True)
    print(f"{total} disagreements in {batches * size} expressions and {batches * (size // 5)} variables")
