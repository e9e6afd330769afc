"""Policy documents that Terraform reads during apply, put together from what the plan shows, and handed to their users.

Of an expression a plan shows what it refers to, and never the expression. What is taken for granted here: where as many
places are not known as there are references that can have made them so, each place holds the value of one of them. A
single argument is taken to be the document that it refers to only if whatever else it refers to is null, empty, a
switch, or a document that is known: then the expression chooses, and composes nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic
from tfkms.frontends.addresses import module_address, module_path
from tfkms.frontends.one_of import one_of
from tfkms.frontends.plan_format import freeze
from tfkms.frontends.policy_document import Came, render
from tfkms.frontends.references import References, Trail
from tfkms.model import Assembled, Link, Mode, Resource, Source, masked
from tfkms.predicted import AFTER_APPLY, PRIMARY, REPLICAS, WITH_SOURCE, attribute
from tfkms.values import Hole, Template, Unknown, Value, pointer_step, text_parts

DOCUMENT = "aws_iam_policy_document"
_TEXTS = ("json", "minified_json")
_LISTS_OF_DOCUMENTS = ("source_policy_documents", "override_policy_documents")
_COMPOSED = frozenset({"sid", "effect", "actions", "not_actions", "type", "test", "variable"})
"""Arguments that hold no ARNs: what they refer to is not what they hold."""

IsUnknown = Callable[[str, str], bool]
"""Whether an attribute, of a resource that was not asked for, is known after apply only."""

Unread = Callable[[str], Resource | None]
"""The resource at an address that was not asked for; None for a data source that was read, and where there is none."""


def settled(
    resources: Sequence[Resource], references: References, is_unknown: IsUnknown, unread: Unread
) -> tuple[list[Resource], list[Diagnostic]]:
    """The resources, with the deferred documents rendered and put where they are used; and what that brought up.

    What cannot be told stays `Unknown`.
    """
    if not any(_is_deferred(resource) or resource.type in REPLICAS for resource in resources):
        return list(resources), []
    settling = _Settling({resource.address: resource for resource in resources}, references, is_unknown, unread)
    return list(map(settling.settle, resources)), settling.diagnostics


def notices(resources: Sequence[Resource]) -> Iterator[Diagnostic]:
    """What is worth saying of the documents that were read already: how they differ from what their sources say."""
    for resource in resources:
        values = resource.after or {}
        if resource.type != DOCUMENT or _is_deferred(resource) or not any(map(values.get, _LISTS_OF_DOCUMENTS)):
            continue
        rendered = render({name: value for name, value in values.items() if name not in _TEXTS}, resource.address)
        if rendered.json is not None and rendered.json == values.get("json"):
            sensitive = masked(resource.after_sensitive, ())
            yield from (_unquoted(item) if sensitive else item for item in rendered.diagnostics)


def _is_deferred(resource: Resource) -> bool:
    return resource.mode is Mode.DATA and resource.type == DOCUMENT and resource.source is Source.DEFERRED


class _Arguments(Struct):
    """The arguments of a document with what could be told of them.

    `told` are the references taken for values, `sources` the documents put together, by JSON pointer.
    """

    values: dict[str, Value] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Assembled] = field(default_factory=dict)

    def behind(self, came: Came) -> tuple[str, ...]:
        """The references that a statement of the rendered document rests on."""
        place, _, number = came.path.rpartition("/Statement/")
        if place in self.sources and number.isdecimal():
            return self.sources[place].of(int(number))
        return tuple(dict.fromkeys(said for path, said in self.told.items() if path.startswith(f"{came.path}/")))


class _Settling(Struct):
    resources: Mapping[str, Resource]
    references: References
    is_unknown: IsUnknown
    unread: Unread
    diagnostics: list[Diagnostic] = field(default_factory=list)
    documents: dict[str, Resource] = field(default_factory=dict)

    def settle(self, resource: Resource) -> Resource:
        """The resource with what can be told of the documents in it."""
        if _is_deferred(resource):
            return self.document(resource.address)
        if resource.after is None:
            return resource
        resource = self.replica(resource)
        found: dict[str, Assembled] = {}
        after = {name: self.used(item, resource, f"/{name}", found) for name, item in (resource.after or {}).items()}
        if not found:
            return resource
        sensitive = True if any(assembled.sensitive for assembled in found.values()) else resource.after_sensitive
        return replace(resource, after=after, after_sensitive=sensitive, assembled=found)

    def replica(self, resource: Resource) -> Resource:
        """A replica with the ARN of the primary key that it refers to, whose id it shares; any other resource as it
        is."""
        primary = (resource.after or {}).get(PRIMARY)
        if resource.type not in REPLICAS or not isinstance(primary, Unknown):
            return resource
        links = self.one_for_each((primary,), resource, "arn")
        told = self.told(links[0], "arn", primary)[0] if links else primary
        return replace(resource, after={**(resource.after or {}), PRIMARY: told})

    def document(self, address: str) -> Resource:
        """The data source with its document rendered; as it is where it is being rendered already."""
        if address in self.documents:
            return self.documents[address]
        resource = self.documents[address] = self.resources[address]
        arguments = self.arguments(resource)
        rendered = render(arguments.values, address)
        sensitive = masked(resource.after_sensitive, ()) or any(item.sensitive for item in arguments.sources.values())
        self.diagnostics += [_unquoted(item) if sensitive else item for item in rendered.diagnostics]
        text: Value = rendered.json if rendered.json is not None else rendered.document
        assembled = Assembled((), tuple(map(arguments.behind, rendered.came)), sensitive)
        resource = replace(
            resource,
            after={**(resource.after or {}), **dict.fromkeys(_TEXTS, text)},
            after_sensitive=sensitive,
            assembled={f"/{name}": assembled for name in _TEXTS},
        )
        self.documents[address] = resource
        return resource

    def arguments(self, resource: Resource) -> _Arguments:
        """The arguments, with what can be told of those that are not known, and who could tell of the others."""
        found = _Arguments()
        for name, value in (resource.after or {}).items():
            if name in _LISTS_OF_DOCUMENTS and isinstance(value, tuple):
                found.values[name] = self.listed(value, resource, f"/{name}", found)
            elif name not in _TEXTS:
                found.values[name] = self.inside(value, resource, f"/{name}", found)
        found.values = {name: _hinted(value) for name, value in found.values.items()}
        return found

    def listed(self, items: tuple[Value, ...], resource: Resource, path: str, found: _Arguments) -> Value:
        """A list of documents: the members that are not known are those that it refers to."""
        links = self.one_for_each(items, resource, "json")
        made: list[Value] = []
        for place, item in enumerate(items):
            told, assembled = (
                self.told(links.pop(0), "json", item) if isinstance(item, Unknown) and links else (item, None)
            )
            if assembled is not None:
                found.sources[f"{path}/{place}"] = assembled
            made.append(told)
        return tuple(made)

    def inside(self, value: Value, resource: Resource, path: str, found: _Arguments) -> Value:
        """A value with the ARNs that it refers to in place of what is not known."""
        match value:
            case Mapping():
                return {
                    key: item if key in _COMPOSED else self.inside(item, resource, f"{path}/{pointer_step(key)}", found)
                    for key, item in value.items()
                }
            case tuple():
                links = self.options_for_each(value, resource, "arn")
                made = []
                for place, item in enumerate(value):
                    below = f"{path}/{place}"
                    if isinstance(item, Unknown) and links:
                        options = links.pop(0)
                        told = self.arn_of_one(options, item)
                        rests_on = " or ".join(_named(link, "arn") for link in options)
                        found.told |= {below: rests_on} if not isinstance(told, Unknown) else {}
                        made.append(told)
                    else:
                        made.append(self.inside(item, resource, below, found))
                return tuple(made)
            case _:
                return value

    def arn_of_one(self, links: Sequence[Link], place: Unknown) -> Value:
        """The ARN that one of these has, as far as it is told; the place's own hole where it need not be one."""
        told = [self.told(link, "arn", place)[0] for link in links]
        if len(told) == 1:
            return told[0]
        known = not any(isinstance(value, Unknown) for value in told)
        hole = replace(place.hole, reason=f"{AFTER_APPLY}, one of {len(told)} instances{WITH_SOURCE}")
        return one_of(told, hole) if known else Unknown(hole)

    def options_for_each(self, items: tuple[Value, ...], resource: Resource, usual: str) -> list[list[Link]]:
        """What may stand in each unknown place of a list, in order: one thing, or any instance of one block, of which
        an instance key that is computed leaves it open."""
        unknown = [item.hole for item in items if isinstance(item, Unknown)]
        if links := self.one_for_each(items, resource, usual):
            return [[link] for link in links]
        if not unknown or not unknown[0].references or len({hole.references for hole in unknown}) > 1:
            return []
        trail = self.trail(unknown[0], resource)
        links = [link for link in trail.links if self.is_open(link, usual)]
        one_block = len({(_block_of(link.address), link.attribute) for link in links}) == 1
        return [links] * len(unknown) if one_block and (trail.complete or len(unknown) == 1) else []

    def one_for_each(self, items: tuple[Value, ...], resource: Resource, usual: str) -> list[Link]:
        """What stands in the unknown places of a list, in order; none where it refers to more or fewer such things."""
        unknown = [item.hole for item in items if isinstance(item, Unknown)]
        if not unknown or not unknown[0].references or len({hole.references for hole in unknown}) > 1:
            return []
        trail = self.trail(unknown[0], resource)
        links = [link for link in trail.links if self.is_open(link, usual)]
        computed = any(reference.startswith(("each.", "count.")) for reference in unknown[0].references)
        one_of_many = computed and len({_block_of(link.address) for link in links}) < len(links)
        return links if len(links) == len(unknown) and not one_of_many else []

    def used(self, value: Value, resource: Resource, path: str, found: dict[str, Assembled]) -> Value:
        """A value of a resource with the document in place of what is not known."""
        match value:
            case Unknown(hole) if hole.references:
                links = self.documents_meant(hole, resource)
                if not links:
                    return value
                told, assembled = self.told_of_one(links, value)
                if assembled is not None:
                    found[path] = assembled
                return told
            case Mapping():
                return {
                    key: self.used(item, resource, f"{path}/{pointer_step(key)}", found) for key, item in value.items()
                }
            case tuple():
                return tuple(self.used(item, resource, f"{path}/{place}", found) for place, item in enumerate(value))
            case _:
                return value

    def documents_meant(self, hole: Hole, resource: Resource) -> list[Link]:
        """The one deferred document that an argument can be, or the instances of one of which it can be any; none where
        it may be something else."""
        trail = self.trail(hole, resource)
        links = [link for link in trail.links if not self.is_known_document(link)]
        if not trail.complete or len({_block_of(link.address) for link in links}) != 1:
            return []
        for link in links:
            target = self.resources.get(link.address)
            if target is None or not _is_deferred(target) or link.attribute not in ("", *_TEXTS):
                return []
        if len(links) > 1 and len({link.attribute for link in links}) > 1:
            return []
        idle = all(self.references.written.is_idle(module, reference) for module, reference in trail.others)
        return links if idle else []

    def told_of_one(self, links: Sequence[Link], place: Unknown) -> tuple[Value, Assembled | None]:
        """What an argument is that is one of these documents: what they have in common, where there are several."""
        found = [self.told(link, "json", place) for link in links]
        assembled = [own for _, own in found if own is not None]
        if len(found) == 1 or len(assembled) < len(found):
            return found[0] if len(found) == 1 else (place, None)
        reason = f"{AFTER_APPLY}, one of {len(found)} instances{WITH_SOURCE}"
        hole = replace(place.hole, reason=reason)
        documents = [freeze(json.loads(value)) if isinstance(value, str) else value for value, _ in found]
        references = dict.fromkeys(said for own in assembled for said in own.references)
        of_statements = zip_longest(*(own.statements for own in assembled), fillvalue=())
        statements = tuple(tuple(dict.fromkeys(chain.from_iterable(own))) for own in of_statements)
        sensitive = any(own.sensitive for own in assembled)
        return one_of(documents, hole), Assembled(tuple(references), statements, sensitive)

    def is_known_document(self, link: Link) -> bool:
        """Whether the link is to a document that was read: one that an unknown choice has not chosen."""
        target = self.resources.get(link.address)
        return (
            target is not None
            and (target.mode, target.type) == (Mode.DATA, DOCUMENT)
            and link.attribute in ("", *_TEXTS)
            and not self.is_open(link, "json")
        )

    def trail(self, hole: Hole, resource: Resource) -> Trail:
        block = resource.address[len(resource.module) :].removeprefix(".").partition("[")[0]
        return self.references.trail(hole.references, module_path(resource.module), block)

    def is_open(self, link: Link, usual: str) -> bool:
        """Whether what the link leads to is not known; `usual` is the attribute where none is named."""
        target = self.resources.get(link.address)
        if target is None:
            return self.is_unknown(link.address, link.attribute)
        values = target.after or {}
        name = link.attribute or usual
        return target.after is not None and (name not in values or isinstance(values[name], Unknown))

    def told(self, link: Link, usual: str, place: Unknown) -> tuple[Value, Assembled | None]:
        """What the link leads to, with what that rests on: a document, or an ARN; else the place's own hole.

        What is neither may be a part of what stands there: two places that refer to it need not be equal.
        """
        target = self.resources.get(link.address) or self.unread(link.address)
        name = link.attribute or usual
        unknown = Unknown(replace(place.hole, references=(_named(link, usual),)))
        if target is None or target.after is None:
            return unknown, None
        if _is_deferred(target) and name in _TEXTS:
            document = self.document(target.address)
            text = (document.after or {}).get(name)
            assembled = document.assembled.get(f"/{name}")
            if assembled is None or text is None:
                return unknown, None
            return text, replace(assembled, references=(_named(link, usual), *assembled.references))
        value = attribute(target, target.after, name)
        is_arn = isinstance(value, str | Template) and str(text_parts(value)[0]).startswith("arn:")
        return (value if is_arn else unknown), None


def _hinted(value: Value) -> Value:
    """A value with, for what stays unknown in it, that the source tells the expression of which a plan shows no more
    than the references."""
    match value:
        case Unknown(hole) if hole.references and hole.reason == AFTER_APPLY:
            return Unknown(replace(hole, reason=f"{AFTER_APPLY}{WITH_SOURCE}"))
        case Mapping():
            return {name: _hinted(item) for name, item in value.items()}
        case tuple():
            return tuple(map(_hinted, value))
        case _:
            return value


def _block_of(address: str) -> str:
    """The address of the block, without the key of its instance; an instance of its module is another block."""
    module = module_address(address)
    return f"{module}.{address[len(module) :].removeprefix('.').partition('[')[0]}"


def _named(link: Link, usual: str) -> str:
    return f"{link.address}.{link.attribute or usual}"


def _unquoted(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic on a sensitive document, without anything that may quote it."""
    message = f"the sensitive policy document shows a mistake ({diagnostic.code})"
    return diagnostic._replace(message=message, hint=None)
