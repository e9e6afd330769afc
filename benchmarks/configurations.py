"""Configurations of any size to measure on: keys whose policies reach far, and much else that none of them reaches."""

from pathlib import Path

KEY = """\
resource "aws_kms_key" "key_{n}" {{
  description = local.names[{n}]
  policy      = data.aws_iam_policy_document.key_{n}.json
}}

data "aws_iam_policy_document" "key_{n}" {{
  dynamic "statement" {{
    for_each = var.roles
    content {{
      sid       = title(statement.key)
      actions   = statement.value.actions
      resources = ["*"]
      principals {{
        type        = "AWS"
        identifiers = [for name in statement.value.names : "arn:aws:iam::${{local.account}}:role/${{name}}"]
      }}
    }}
  }}
}}

"""
NAMES = """\
locals {
  account = "111122223333"
  names   = [for n in range(1000) : "key-${n}"]
}

variable "roles" {
  type    = map(object({ actions = list(string), names = optional(list(string), ["root"]) }))
  default = {
    admin = { actions = ["kms:Create*", "kms:Put*"], names = ["admin", "break-glass"] }
    use   = { actions = ["kms:Decrypt", "kms:GenerateDataKey*"] }
  }
}

"""
OTHER = """\
resource "aws_security_group_rule" "rule_{n}" {{
  type              = "ingress"
  from_port         = {n}
  to_port           = lookup(local.ports, "p{n}", {n})
  protocol          = "tcp"
  cidr_blocks       = [for own in var.networks : cidrsubnet(own, 8, {n})]
  security_group_id = aws_security_group.main.id
}}

"""
_FILE = 500
"""How many blocks stand in a file at most."""


def write(place: Path, *, keys: int, others: int) -> None:
    """Writes a root module of so many keys with a document each, and so many blocks that no policy reaches."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "main.tf").write_text(NAMES + "".join(KEY.format(n=n) for n in range(keys)), encoding="utf-8")
    for part in range(0, others, _FILE):
        rules = "".join(OTHER.format(n=n) for n in range(part, min(part + _FILE, others)))
        (place / f"rules_{part}.tf").write_text(rules, encoding="utf-8")


def write_estate(place: Path, roots: int) -> None:
    """Writes so many root modules, of thirteen kilobytes each; every tenth has a key."""
    for number in range(roots):
        write(place / f"root_{number}", keys=int(number % 10 == 0), others=37)


def size(place: Path) -> int:
    """The bytes of all files of configuration in and below a directory."""
    return sum(path.stat().st_size for path in place.rglob("*.tf"))
