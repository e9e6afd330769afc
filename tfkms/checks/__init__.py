"""The kinds of check. Each module judges every guardrail of its kind; a rule names the module and its parameters.

A kind is a module with `subjects(question)`, what it judges one by one, and `judge(subject, question)`, the outcomes
for one of them. A check sees policies and the decision, never a file; it names causes and facts, never a sentence.
"""
