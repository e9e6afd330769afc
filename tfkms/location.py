"""Where something stands: a symbolic place that always exists, and lines where there is a source."""

from msgspec import Struct


class Span(Struct, frozen=True):
    """A stretch of a source file. Lines and columns count from 1, columns in code points; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def holds(self, other: "Span") -> bool:
        """Whether the other stretch lies within this one."""
        return (
            self.file == other.file
            and (self.line, self.column) <= (other.line, other.column)
            and (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        )


class Origin(Struct, frozen=True):
    """A place in the configuration.

    `address` is a resource address as Terraform prints it, `path` a JSON pointer from the resource into the decoded
    document (`/policy/Statement/1`). `span` is None for what only a plan tells; `via` are the module calls
    (`file:line`) through which the value came, the outermost first.
    """

    address: str
    path: str
    span: Span | None = None
    via: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The file of the place, and those of the module calls that lead to it."""
        own = () if self.span is None else (self.span.file,)
        return (*own, *(call.rpartition(":")[0] for call in self.via))

    def below(self, *steps: str | int) -> "Origin":
        """The place under this one; it keeps the span of the whole."""
        return Origin(self.address, self.path + "".join(f"/{step}" for step in steps), self.span, self.via)
