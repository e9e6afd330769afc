"""What AWS will call what is still to be made: ARNs, ids and names that follow from what the plan shows.

Sources: IAM User Guide, reference_identifiers (ARNs, paths); AWS KMS Developer Guide, concepts (key ids, aliases);
Service Authorization Reference, resource types of the services (ARNs of what services act for).
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

from tfkms.model import Account, Action, Mode, Omitted, Resource, Source
from tfkms.values import Hole, Template, Text, Unknown, Value, text, text_parts

AFTER_APPLY = "known after apply"
WITH_SOURCE = " (scan with --source)"
"""Stands in the reason for an unknown of which the configuration tells more than a plan does."""

PRINCIPAL_WORDS = {"aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_group": "group"}
"""The word in the ARN of what an IAM resource makes, by resource type."""

_IAM_WORDS = {**PRINCIPAL_WORDS, "aws_iam_policy": "policy"}
_KEYS = frozenset({"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"})
REPLICAS = frozenset({"aws_kms_replica_key", "aws_kms_replica_external_key"})
KEY_ID = "/key_id"
"""Where the hole stands that is the id of a key: in the key itself, wherever the id occurs."""
PRIMARY = "primary_key_arn"
"""The argument of a replica that names the key whose id it has too."""
_DEFAULT_PATH = "/"
_IAM_PATH = re.compile("/(?:[!-~]*/)?")
"""IAM API Reference, CreateRole: begins and ends with a slash, and holds no blanks."""

_BUCKET = "aws_s3_bucket"
_NAMED = {
    "aws_cloudtrail": ("cloudtrail", "trail/", "name"),
    "aws_cloudwatch_event_rule": ("events", "rule/", "name"),
    "aws_cloudwatch_log_group": ("logs", "log-group:", "name"),
    "aws_dynamodb_table": ("dynamodb", "table/", "name"),
    "aws_lambda_function": ("lambda", "function:", "function_name"),
    _BUCKET: ("s3", "", "bucket"),
    "aws_sns_topic": ("sns", "", "name"),
    "aws_sqs_queue": ("sqs", "", "name"),
}
"""What services act for, by resource type: the service in its ARN, what stands before its name, and the argument that
gives that."""

NAMING = ("name", "name_prefix", "path", "region", "multi_region", "bucket", "function_name", "event_bus_name")
"""Arguments by which AWS calls things."""

Attributes: TypeAlias = Mapping[str, Value]


def attribute(resource: Resource, values: Attributes, name: str) -> Value:
    """The attribute as the plan shows it, or as it can be told; `Unknown` where it cannot, None where it is null.

    `values` are the resource's attributes on the side of the plan that is asked about.
    """
    value = values.get(name)
    if not isinstance(value, Unknown):
        return value
    if resource.mode is Mode.DATA:
        return value
    match resource.type, name:
        case "aws_iam_role" | "aws_iam_user" | "aws_iam_group" | "aws_iam_policy", "arn":
            return iam_arn(resource, values)
        case "aws_iam_role" | "aws_iam_user" | "aws_iam_group", "name" | "id":
            return iam_name(resource, values)
        case "aws_iam_policy", "id":
            return iam_arn(resource, values)
        case kind, "arn" if kind in _KEYS:
            return key_arn(resource)
        case kind, "key_id" | "id" if kind in _KEYS:
            return key_id_of(resource)
        case "aws_kms_alias", "arn":
            return _alias_arn(resource, values)
        case kind, "arn" if kind in _NAMED:
            return _named_arn(resource, values)
        case "aws_s3_bucket", "id":
            return values.get("bucket") or value
        case _:
            return value


def iam_arn(resource: Resource, values: Attributes) -> Text:
    """The ARN of a role, user, group or customer managed policy, by its path and name."""
    known = values.get("arn")
    if isinstance(known, str) and known:
        return known
    path, name = iam_path(resource, values), iam_name(resource, values)
    return iam_arn_of(resource.account, _IAM_WORDS[resource.type], path, name)


def iam_arn_of(account: Account, word: str, path: Text, name: Text) -> Text:
    """The ARN that IAM gives what is called so in the account; `path` begins and ends with a slash."""
    start = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":{word}")
    return text(*text_parts(start), *text_parts(path), *text_parts(name))


def iam_path(resource: Resource, values: Attributes) -> Text:
    """The path, `/` where none is given; a hole for a text that IAM would not take."""
    match values.get("path"):
        case str() as path if _IAM_PATH.fullmatch(path):
            return path
        case str() as path if path:
            return text(Hole(resource.address, "/path", "no path that IAM would take"))
        case Template() as path:
            return path
        case Unknown(hole):
            return text(hole)
        case _:
            return _DEFAULT_PATH


def iam_name(resource: Resource, values: Attributes) -> Text:
    """The name, known or with the part that AWS or Terraform makes up as a hole."""
    match values.get("name", values.get("user_name")):
        case str() as name if name:
            return name
        case Template() as name:
            return name
        case Unknown() if isinstance(arn := values.get("arn"), str) and arn:
            return arn.rpartition("/")[2]
        case value:
            prefix = values.get("name_prefix")
            prefixed = isinstance(prefix, str) and bool(prefix)
            made_up = prefixed or not isinstance(value, Unknown) or isinstance(resource.argument("name"), Omitted)
            references = value.hole.references if isinstance(value, Unknown) and not made_up else ()
            hole = Hole(resource.address, "/name", AFTER_APPLY, references, fresh=made_up and _may_be_new(resource))
            return text(prefix, hole) if isinstance(prefix, str) else text(hole)


def key_arn(resource: Resource, named: Value = None) -> Text:
    """The ARN of a key of which the plan tells at most what `named` says: an id, or the ARN itself.

    The id of a key that is still to be made is one hole wherever it occurs, and no id that is written out today.
    """
    if isinstance(named, str) and named.startswith("arn:"):
        return named
    account = resource.account
    key_id = named if isinstance(named, str) else key_id_of(resource, made=named is None)
    start = (f"arn:{account.partition}:kms:", *text_parts(account.region), ":", *text_parts(account.id), ":key/")
    return text(*start, *text_parts(key_id))


def key_id_of(resource: Resource, made: bool = True) -> Text:
    """The id of a key that the plan does not show; `made` says that AWS will make it up."""
    return _replicated(resource) or text(_key_id(resource, made))


def _key_id(resource: Resource, made: bool) -> Hole:
    fresh = made and _may_be_new(resource)
    return Hole(resource.address, KEY_ID, AFTER_APPLY, fresh=fresh, unique=made and _has_id_of_its_own(resource))


def _has_id_of_its_own(resource: Resource) -> bool:
    """Whether no other resource has the key's id: not a replica, and one key whatever its instances are."""
    own = resource.mode is Mode.MANAGED and resource.type in _KEYS - REPLICAS
    return own and "[*]" not in resource.address


def _may_be_new(resource: Resource) -> bool:
    """Whether nothing written today can name the resource: a source without a plan does not say what there is."""
    if resource.source is Source.SOURCE:
        return False
    return resource.before is None or resource.mode is Mode.DATA or Action.CREATE in resource.actions


def _replicated(resource: Resource) -> Text | None:
    """The id that a replica has from its primary key (AWS KMS Developer Guide, multi-region-keys-overview); None for
    any other key, and where it is not known."""
    if resource.type not in REPLICAS or resource.after is None:
        return None
    match resource.after.get(PRIMARY):
        case str() as arn:
            return arn.rpartition("/")[2]
        case Template(parts):
            *_, last = parts
            return text(last.rpartition("/")[2] if isinstance(last, str) else last)
        case _:
            return None


def _alias_arn(resource: Resource, values: Attributes) -> Value:
    """An alias's name begins with `alias/`, and so does the last part of its ARN."""
    match values.get("name"):
        case str() | Template() as name:
            account = resource.account
            parts = (*text_parts(account.region), ":", *text_parts(account.id), ":", *text_parts(name))
            return text(f"arn:{account.partition}:kms:", *parts)
        case _:
            return values.get("arn")


def _named_arn(resource: Resource, values: Attributes) -> Value:
    """The ARN of what is called by a name; a bucket's tells no account, that of a rule on another bus the bus."""
    service, start, named = _NAMED[resource.type]
    name = values.get(named)
    if isinstance(name, Unknown) and not isinstance(resource.argument(named), Omitted):
        name = text(name.hole)
    on_a_bus = values.get("event_bus_name") not in (None, "", "default")
    if not isinstance(name, str | Template) or not name or on_a_bus:
        return values.get("arn")
    account = resource.account
    place = ("::",) if resource.type == _BUCKET else (*text_parts(account.region), ":", *text_parts(account.id), ":")
    return text(f"arn:{account.partition}:{service}:", *place, start, *text_parts(name))
