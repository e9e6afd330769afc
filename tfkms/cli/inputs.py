"""The inputs of a command: the options that say what to read and how, and the reading itself."""

import functools
import os
import posixpath
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from tfkms.cli.names import display_path, display_paths
from tfkms.diagnostics import Diagnostic, Refusal

if TYPE_CHECKING:
    from tfkms.documents import Site
    from tfkms.frontends.accounts import Assumed
    from tfkms.frontends.join import Configuration, Place
    from tfkms.frontends.source.read import Setting
    from tfkms.model import Scan
    from tfkms.settings.form import SettingsFile

HERE = (".",)
"""The inputs where none are named."""
VARIABLE_PREFIX = "TF_VAR_"
WORKSPACE_VARIABLE = "TF_WORKSPACE"
_IN_ORDER = "tfkms.variables"
_CALLER = re.compile(r"arn:[a-z-]+:(?:iam|sts)::[0-9]{12}:[!-~]+")
Command = TypeVar("Command", bound=Callable[..., int])


class Told(NamedTuple):
    """What the command line says of how to read inputs.

    `source` is the directory of the configuration beside a plan, `plan_json` the JSON of a saved plan and `terraform`
    the program that shows it; `variables` are the options on variables in the order in which they were given: the
    option's name and its value.
    """

    account_id: str | None = None
    region: str | None = None
    partition: str | None = None
    caller: str | None = None
    workspace: str | None = None
    recursive: bool = False
    source: str | None = None
    plan_json: str | None = None
    terraform: str | None = None
    variables: tuple[tuple[str, str], ...] = ()


class _InOrder(click.Option):
    """An option whose values keep their order among those of its like."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Notes each value when it is met."""
        super().add_to_parser(parser, ctx)
        option = parser._long_opt[self.opts[0]]
        process = option.process

        def noted(value: Any, state: Any) -> None:
            ctx.meta.setdefault(_IN_ORDER, []).append((str(self.name), str(value)))
            process(value, state)

        option.process = noted


def with_inputs(command: Command) -> Command:
    """Gives a command the `inputs` and, as `told`, how to read them."""
    inputs = click.argument("inputs", nargs=-1, metavar="[INPUT]...")
    return inputs(with_assumptions(command))


def with_assumptions(command: Command) -> Command:
    """Gives a command, as `told`, how to read its inputs."""

    @functools.wraps(command)
    def told(*arguments: Any, **options: Any) -> int:
        context = click.get_current_context()
        options.pop("var"), options.pop("var_file")
        gathered = Told(
            account_id=options.pop("account_id"),
            region=options.pop("region"),
            partition=options.pop("partition"),
            caller=options.pop("caller"),
            workspace=options.pop("workspace"),
            recursive=options.pop("recursive"),
            source=options.pop("source_directory"),
            plan_json=options.pop("plan_json"),
            terraform=options.pop("terraform"),
            variables=tuple(context.meta.get(_IN_ORDER, ())),
        )
        if gathered.plan_json is not None and len(options.get("inputs", HERE)) > 1:
            raise Refusal("usage", "--plan-json goes with one saved plan")
        if gathered.plan_json is not None and gathered.terraform is not None:
            raise Refusal("usage", "--plan-json and --terraform are two ways to the same; name one")
        return command(*arguments, told=gathered, **options)

    wrapped: Any = told
    for option in (
        click.option(
            "--source",
            "source_directory",
            metavar="DIR",
            help="The configuration that a plan was made from, beside it.",
        ),
        click.option(
            "--plan-json", metavar="FILE", help="What `terraform show -json` says of the saved plan, in place of it."
        ),
        click.option(
            "--terraform",
            metavar="PATH",
            help="Have this Terraform show saved plans, run in --source or the current directory.",
        ),
        click.option("--recursive", is_flag=True, help="Take every root module below a directory for an input."),
        click.option("--workspace", metavar="W", help="The workspace, for raw HCL.  [default: default]"),
        click.option("--var-file", cls=_InOrder, multiple=True, metavar="FILE", help="Variables, for raw HCL."),
        click.option("--var", cls=_InOrder, multiple=True, metavar="NAME=VALUE", help="A variable, for raw HCL."),
        click.option("--caller", metavar="ARN", help="Who runs Terraform, for raw HCL that asks."),
        click.option("--partition", metavar="P", help="The partition, where the input does not tell it."),
        click.option("--region", metavar="R", help="The Region, where the input does not tell it."),
        click.option("--account-id", metavar="N", help="The account, where the input does not tell it."),
    ):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result


def assumed(told: Told, settings: "SettingsFile | None" = None) -> "Assumed":
    """What to take for granted where an input does not tell it: by options, else by settings. Raises Refusal."""
    from tfkms.frontends.accounts import Assumed

    account_id = told.account_id
    if account_id is not None and not (len(account_id) == 12 and account_id.isascii() and account_id.isdecimal()):
        raise Refusal("usage", f"--account-id takes the twelve digits of an account, not `{account_id}`")
    caller = told.caller
    if caller is not None and not _CALLER.fullmatch(caller):
        raise Refusal("usage", f"--caller takes the ARN of a user, a role or a session, not `{caller}`")
    if settings is None:
        return Assumed(account_id, told.region, told.partition, caller=caller)
    return Assumed(
        account_id or settings.account_id,
        told.region or settings.region,
        told.partition or settings.partition,
        settings.organization_id,
        caller,
    )


def read(
    paths: Sequence[str], told: Told, settings: "SettingsFile | None" = None, sites: Sequence["Site"] = ()
) -> tuple[list["Scan"], list[Diagnostic]]:
    """The inputs that could be read, and a diagnostic for each of the others; the current directory for none.

    `sites` are the places of policies besides the catalogue's. Raises Refusal for options that are wrong.
    """
    reader = Reader(told, assumed(told, settings), sites)
    scans: list[Scan] = []
    refused: list[Diagnostic] = []
    for one in asked(paths):
        for part in reader.parts(one):
            try:
                scans.append(reader.scan(part))
            except Refusal as refusal:
                refused.append(refusal.diagnostic._replace(file=refusal.diagnostic.file or part.name))
    return scans, refused


class Asked(NamedTuple):
    """One thing to read: a file or a directory at `path`, or of the configuration there no more than some `files`.

    `name` is how reports call it. With `boundary` the directory is one root module, whatever lies below it, and nothing
    is read outside of that one.
    """

    path: str
    name: str
    files: tuple[str, ...] = ()
    boundary: Path | None = None


def asked(paths: Sequence[str]) -> list[Asked]:
    """What the arguments of a command ask for, in their order: files of one configuration are asked for together.

    The current directory for none.
    """
    found: list[Asked] = []
    together: dict[str, int] = {}
    for path, called in zip(paths or HERE, display_paths(paths or HERE), strict=True):
        folder, name = os.path.split(path)
        if not is_configuration(name) or not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for some names
            found.append(Asked(path, called))
            continue
        place = together.setdefault(folder, len(found))
        files = found[place].files if place < len(found) else ()
        found[place : place + 1] = [Asked(folder or ".", display_path(folder or "."), (*files, path))]
    return found


def is_configuration(name: str) -> bool:
    """Whether a file of this name is one of configuration."""
    return name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json")) and not name.startswith(".")


class Reader:
    """Reads inputs of every kind, all for the same resources."""

    def __init__(self, told: Told, assumed: "Assumed", sites: Sequence["Site"]):
        from tfkms import catalogue
        from tfkms.identities import RESOURCE_TYPES
        from tfkms.key_uses import KEY_ALIAS

        services = catalogue.services()
        shipped = {site.type for site in catalogue.sites()} | {KEY_ALIAS} | RESOURCE_TYPES
        self.foreign = frozenset(site.type for site in sites) - shipped
        always = shipped | self.foreign
        self.wanted = always | set(services.arguments)
        self.mentions = {kind: words for kind, words in services.words().items() if kind not in always}
        self.told = told
        self.assumed = assumed
        self.environment = {
            name.removeprefix(VARIABLE_PREFIX): value
            for name, value in os.environ.items()
            if name.startswith(VARIABLE_PREFIX)
        }

    def parts(self, asked: Asked) -> list[Asked]:
        """What is asked for, root module by root module: of a directory that has none, or of which all are asked for,
        those below it."""
        path = asked.path
        if asked.files or asked.boundary or not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for some names
            return [asked]
        from tfkms.frontends.source.roots import has_configuration, roots

        if not self.told.recursive and has_configuration(Path(path)):
            return [asked]
        root = _boundary(Path(path))
        below = roots(root, Path(path).resolve().relative_to(root).as_posix())
        places = [_from_here(f"{root}/{one}") for one in below]
        return [Asked(place, place, boundary=root) for place in places] or [asked]

    def scan(self, asked: Asked) -> "Scan":
        """What is asked for, one root module of it at most. Raises Refusal."""
        path = asked.path
        if asked.files or os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for some names
            self.refuse_plan_json()
            return self.files(path, asked.files) if asked.files else self.directory(Path(path), asked.boundary)
        from tfkms.frontends.document_text import read_bytes
        from tfkms.frontends.plan import SAVED_PLAN, plan_document, read_document

        content = read_bytes(path)
        source = None if self.told.source is None else self.source(self.told.source)
        if content.startswith(SAVED_PLAN):
            from tfkms.cli.saved_plans import saved_plan

            setting = self.setting(Path() if source is None else source.root)
            document, beside = saved_plan(content, asked, self.told, setting, source)
        else:
            self.refuse_plan_json()
            if source is None:
                return self.plan(content, asked.name)
            beside = self.beside(source)
            document = plan_document(content)
        from tfkms.frontends.join import join

        scan = read_document(document, asked.name, self.wanted.__contains__, self.assumed, self.mentions)
        if document.saved and self.told.plan_json is None and self.told.terraform is None:
            from tfkms.cli.saved_plans import hidden

            scan = hidden(scan, self.foreign)
        return join(document, scan, beside, self.wanted.__contains__)

    def plan(self, content: bytes, name: str) -> "Scan":
        """The JSON of a plan or a state. Raises Refusal."""
        from tfkms.frontends.plan import read_plan

        return read_plan(content, name, self.wanted.__contains__, self.assumed, self.mentions)

    def refuse_plan_json(self) -> None:
        """Refuses the JSON of a saved plan beside anything else."""
        if self.told.plan_json is not None:
            raise Refusal("usage", "--plan-json goes with a saved plan, and this is none")

    def source(self, directory: str) -> "Place":
        """The directory of a configuration. Raises Refusal."""
        from tfkms.frontends.join import Place

        path = Path(directory)
        if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for some names
            raise Refusal("usage", "--source takes the directory of a configuration", None, display_path(directory))
        root = _boundary(path)
        return Place(root, path.resolve().relative_to(root).as_posix())

    def beside(self, place: "Place") -> "Configuration":
        """The configuration in a directory, for a plan of it. Raises Refusal."""
        from msgspec import structs

        from tfkms.frontends.join import Configuration
        from tfkms.frontends.source.modules import load

        setting = self.setting(place.root)
        module = load(place.root, place.directory)
        if not module.index.files:
            name = setting.shown(place.directory)
            raise Refusal("source-empty", "there is no configuration in this directory", None, name)
        workspace = self.told.workspace or os.environ.get(WORKSPACE_VARIABLE) or None
        return Configuration(module, structs.replace(setting, workspace=workspace, here=None))

    def directory(self, path: Path, boundary: Path | None) -> "Scan":
        """The root module in a directory. Raises Refusal."""
        from tfkms.frontends.source.read import read_source

        root = boundary or _boundary(path)
        if boundary:  # links are not followed on the way to a root module below a directory
            place = os.path.relpath(path, root).replace(os.sep, "/")
        else:
            place = path.resolve().relative_to(root).as_posix()
        setting = self.setting(root)
        return read_source(place, setting.shown(place), setting, self.wanted.__contains__, self.mentions)

    def files(self, directory: str, files: Sequence[str]) -> "Scan":
        """The root module in a directory, of which only what stands in some files is reported. Raises Refusal."""
        root = _boundary(Path(directory))
        setting = self.setting(root)
        place = Path(directory).resolve().relative_to(root).as_posix()
        named = frozenset(setting.shown(posixpath.join(place, os.path.basename(file))) for file in files)  # noqa: PTH119
        path = next(iter(named)) if len(named) == 1 else setting.shown(place)
        from msgspec import structs

        from tfkms.frontends.source.read import read_source

        scan = read_source(place, path, setting, self.wanted.__contains__, self.mentions)
        told = tuple(own for own in scan.diagnostics if own.file is None or own.file in named)
        return structs.replace(scan, named=named, diagnostics=told)

    def setting(self, root: Path) -> "Setting":
        """What configurations below `root` are evaluated with. Raises Refusal."""
        from tfkms.catalogue import managed_policy_path
        from tfkms.frontends.source.read import Setting
        from tfkms.frontends.source.variables import FromFile, Given, Option, assigned

        base, here = str(root), os.getcwd()  # noqa: PTH109 - every root module of an estate passes here

        @functools.cache
        def shown(file: str) -> str:
            return posixpath.normpath(file) if base == here else os.path.relpath(f"{base}/{file}").replace(os.sep, "/")

        options: list[Option] = []
        for name, value in self.told.variables:
            options.append(assigned(value) if name == "var" else FromFile(_from_root(value, root), _variables(value)))
        return Setting(
            root=root,
            given=Given(self.environment, tuple(options)),
            workspace=self.told.workspace or os.environ.get(WORKSPACE_VARIABLE) or "default",
            here=here,
            assumed=self.assumed,
            shown=shown,
            managed_path=managed_policy_path,
        )


def _variables(path: str) -> bytes:
    from tfkms.frontends.document_text import read_file
    from tfkms.frontends.source.variables import FILE_LIMIT

    try:
        return read_file(Path(path), FILE_LIMIT)
    except OSError as error:
        reason = (error.strerror or "").lower() or str(error) or type(error).__name__.lower()
        raise Refusal(
            "variables-unreadable", f"the variables cannot be read: {reason}", None, display_path(path)
        ) from None


def _from_root(path: str, root: Path) -> str:
    """The path from the root, where there is one."""
    try:
        return Path(os.path.relpath(Path(path).resolve(), root)).as_posix()
    except ValueError:  # on another drive
        return display_path(path)


def _from_here(path: str) -> str:
    """The path from the current directory."""
    return os.path.relpath(path).replace(os.sep, "/")


def _boundary(path: Path) -> Path:
    """The directory that nothing is read outside of: that of the repository, else the scanned one itself."""
    here = path.resolve()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), here)
