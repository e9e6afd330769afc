"""A configuration is evaluated as Terraform would, and what cannot be known stays a hole with its reason."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.frontends.source.reading import ASSUMED, after, errors, resources, scan, shown
from tfkms.diagnostics import Level
from tfkms.model import Given as Argument
from tfkms.model import Omitted
from tfkms.values import Unknown

KEY = 'resource "aws_kms_key" "k" { description = %s }'


def described(root: Path, expression: str, text: str = "", **options: object) -> object:
    """What a key's description is worth where it is this expression, beside this text."""
    found = scan(root, {"main.tf": KEY % expression + "\n" + text}, **options)  # type: ignore[arg-type]
    assert errors(found) == []
    return shown(after(found, "aws_kms_key.k")["description"])


class TestEphemeral:
    TEXT = """
        variable "token" {
          ephemeral = true
          default   = "s3cret"
        }
        variable "plain" { default = "p" }
        locals { token = "t-${var.token}" }
        ephemeral "random_password" "p" {}
        module "m" {
          source = "./m"
          token  = var.token
        }
    """
    MODULE = 'variable "token" {}\noutput "token" { value = upper(var.token) }'

    @pytest.mark.parametrize(
        "value",
        [
            "var.token",
            "local.token",
            "[local.token, local.token][1]",
            "module.m.token",
            "ephemeral.random_password.p.result",
            "terraform.applying",
        ],
    )
    def test_of_what_may_be_ephemeral_no_value_is_passed_on(self, tmp_path: Path, value: str) -> None:
        text = f'resource "aws_kms_key" "k" {{ description = ephemeralasnull({value}) }}'
        found = scan(tmp_path, {"main.tf": self.TEXT + text, "m/main.tf": self.MODULE})

        hole = after(found, "aws_kms_key.k")["description"]
        assert isinstance(hole, Unknown)
        assert hole.hole.reason == "null if it is ephemeral"
        assert "s3cret" not in repr(hole)

    def test_of_what_is_not_ephemeral_the_value_is_passed_on(self, tmp_path: Path) -> None:
        assert described(tmp_path, "ephemeralasnull(var.plain)", 'variable "plain" { default = "p" }') == "p"

    def test_a_provider_may_be_configured_with_what_is_ephemeral(self, tmp_path: Path) -> None:
        text = """
            variable "region" {
              ephemeral = true
              default   = "eu-west-1"
            }
            provider "aws" { region = var.region }
            data "aws_region" "r" {}
        """

        assert described(tmp_path, "data.aws_region.r.name", text) == "eu-west-1"


class TestWhatOnlyRefuses:
    """Where a condition does not hold, Terraform applies nothing: what it guards is judged as if it held."""

    def test_a_value_that_a_validation_refuses_is_the_value(self, tmp_path: Path) -> None:
        text = """
            variable "a" {
              default = "bad"
              validation {
                condition     = var.a == "good"
                error_message = "must be good"
              }
            }
        """

        assert described(tmp_path, "var.a", text) == "bad"

    def test_what_moves_imports_and_checks_declares_nothing(self, tmp_path: Path) -> None:
        inside = (
            KEY % '"in"'
            + """
            moved {
              from = aws_kms_key.b
              to   = aws_kms_key.k
            }
            removed {
              from = aws_kms_key.old
              lifecycle { destroy = false }
            }
            import {
              for_each = { x = "1" }
              to       = aws_kms_key.k
              id       = each.value
            }
            check "c" {
              assert {
                condition     = false
                error_message = "x"
              }
            }
        """
        )
        found = scan(tmp_path, {"main.tf": 'module "m" { source = "./m" }', "m/main.tf": inside})

        assert errors(found) == []
        assert list(resources(found)) == ["module.m.aws_kms_key.k"]


class TestNames:
    def test_local_values_refer_to_each_other(self, tmp_path: Path) -> None:
        assert described(tmp_path, "local.a", 'locals {\n a = "${local.b}!"\n b = upper("x")\n}') == "X!"

    def test_a_variable_has_its_default(self, tmp_path: Path) -> None:
        assert described(tmp_path, "var.a.b", 'variable "a" { default = { b = "x" } }') == "x"

    def test_a_default_is_converted_to_the_type(self, tmp_path: Path) -> None:
        text = 'variable "a" {\n type = object({ b = string, c = optional(string, "c") })\n default = { b = 5 }\n}'

        assert described(tmp_path, '"${var.a.b}${var.a.c}"', text) == "5c"

    def test_a_variable_without_a_value_is_unknown_and_no_error(self, tmp_path: Path) -> None:
        assert described(tmp_path, '"a-${var.a}"', 'variable "a" { type = string }') == {"$unknown": "a-${var.a}"}

    def test_the_workspace_is_that_of_the_caller(self, tmp_path: Path) -> None:
        assert described(tmp_path, "terraform.workspace") == "default"
        assert described(tmp_path, "terraform.workspace", workspace="prod") == "prod"

    def test_opentofu_calls_the_workspace_by_its_own_name_too(self, tmp_path: Path) -> None:
        assert described(tmp_path, '"${tofu.workspace}-key"', workspace="prod") == "prod-key"

    def test_whether_it_is_applied_is_not_known(self, tmp_path: Path) -> None:
        found = described(tmp_path, 'terraform.applying ? "a" : "b"')

        assert found == {"$unknown": '${conditional(terraform.applying, "a", "b")}'}

    def test_paths_are_those_of_the_module(self, tmp_path: Path) -> None:
        files = {
            "live/main.tf": 'module "m" { source = "../modules/m" }',
            "modules/m/main.tf": KEY % '"${path.module} ${path.root} ${path.cwd}"',
        }
        found = scan(tmp_path, files, directory="live")

        assert after(found, "module.m.aws_kms_key.k")["description"] == "../modules/m . /work"

    def test_an_attribute_of_a_resource_is_what_its_block_gives(self, tmp_path: Path) -> None:
        text = 'resource "aws_kms_alias" "a" {\n name = "alias/x"\n target_key_id = "k"\n}'

        assert described(tmp_path, "aws_kms_alias.a.name", text) == "alias/x"

    def test_an_arn_that_follows_from_names_is_told(self, tmp_path: Path) -> None:
        text = 'resource "aws_iam_role" "r" {\n name = "app"\n path = "/x/"\n assume_role_policy = "{}"\n}'

        assert described(tmp_path, "aws_iam_role.r.arn", text) == "arn:aws:iam::111122223333:role/x/app"

    @pytest.mark.parametrize(
        ("kind", "arguments", "arn"),
        [
            ("aws_cloudtrail", 'name = "t"', "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"),
            ("aws_cloudwatch_event_rule", 'name = "r"', "arn:aws:events:us-east-1:111122223333:rule/r"),
            ("aws_cloudwatch_log_group", 'name = "/a/b"', "arn:aws:logs:us-east-1:111122223333:log-group:/a/b"),
            ("aws_dynamodb_table", 'name = "t"', "arn:aws:dynamodb:us-east-1:111122223333:table/t"),
            ("aws_lambda_function", 'function_name = "f"', "arn:aws:lambda:us-east-1:111122223333:function:f"),
            ("aws_s3_bucket", 'bucket = "b"', "arn:aws:s3:::b"),
            ("aws_sns_topic", 'name = "t"', "arn:aws:sns:us-east-1:111122223333:t"),
            ("aws_sqs_queue", 'name = "q.fifo"', "arn:aws:sqs:us-east-1:111122223333:q.fifo"),
        ],
    )
    def test_what_services_act_for_is_called_as_aws_will_call_it(
        self, kind: str, arguments: str, arn: str, tmp_path: Path
    ) -> None:
        assert described(tmp_path, f"{kind}.x.arn", f'resource "{kind}" "x" {{\n {arguments}\n}}') == arn

    @pytest.mark.parametrize(
        ("kind", "arguments"),
        [
            ("aws_s3_bucket", 'bucket_prefix = "b"'),
            ("aws_sns_topic", ""),
            ("aws_cloudwatch_event_rule", 'name = "r"\n event_bus_name = "shop"'),
        ],
    )
    def test_an_arn_of_which_the_name_is_not_told_is_known_after_apply(
        self, kind: str, arguments: str, tmp_path: Path
    ) -> None:
        text = f'resource "{kind}" "x" {{\n {arguments}\n}}'

        assert described(tmp_path, f"{kind}.x.arn", text) == {"$unknown": f"${{{kind}.x.arn}}"}

    def test_a_replica_is_called_by_the_id_of_its_primary_key(self, tmp_path: Path) -> None:
        replica = 'resource "aws_kms_replica_key" "r" {\n primary_key_arn = aws_kms_key.k.arn\n}'
        found = scan(tmp_path, {"main.tf": KEY % '"x"' + f"\n{replica}"})

        assert shown(after(found, "aws_kms_replica_key.r")["primary_key_arn"]) == {
            "$unknown": "arn:aws:kms:us-east-1:111122223333:key/${aws_kms_key.k.key_id}"
        }

    def test_what_a_provider_makes_up_is_known_after_apply(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": KEY % '"x-${random_id.r.hex}"' + '\nresource "random_id" "r" {}'})
        value = after(found, "aws_kms_key.k")["description"]

        assert shown(value) == {"$unknown": "x-${random_id.r.hex}"}
        assert "known after apply" in str(value.parts[1].reason)  # type: ignore[union-attr]

    def test_who_is_asked_and_where_is_told_by_the_caller(self, tmp_path: Path) -> None:
        text = 'data "aws_caller_identity" "c" {}\ndata "aws_region" "r" {}\ndata "aws_partition" "p" {}'
        expression = (
            '"${data.aws_partition.p.partition} ${data.aws_caller_identity.c.account_id} ${data.aws_region.r.name}"'
        )

        assert described(tmp_path, expression, text) == "aws 111122223333 us-east-1"

    def test_who_runs_terraform_is_told_by_the_caller(self, tmp_path: Path) -> None:
        text = 'data "aws_caller_identity" "c" {}'
        known = replace(ASSUMED, caller="arn:aws:iam::111122223333:role/ci")
        elsewhere = """
        provider "aws" {
          assume_role { role_arn = "arn:aws:iam::444455556666:role/deploy" }
        }
        """
        expression = "data.aws_caller_identity.c.arn"

        assert described(tmp_path, expression, text, assumed=known) == "arn:aws:iam::111122223333:role/ci"
        assert described(tmp_path, expression, text) == {"$unknown": "${data.aws_caller_identity.c.arn}"}
        assert described(tmp_path, expression, text + elsewhere, assumed=known) == {
            "$unknown": "${data.aws_caller_identity.c.arn}"
        }

    @pytest.mark.parametrize(
        ("arguments", "path"),
        [
            ('name = "ViewOnlyAccess"', "/job-function/"),
            ('name = "AWSXRayDaemonWriteAccess"', "/"),
            ('name = "AWSLambdaKinesisExecutionRole"', "/service-role/"),
            ('name = "ViewOnlyAccess"\n path_prefix = "/job-function/"', "/job-function/"),
            ('name = "ViewOnlyAccess"\n path_prefix = null', "/job-function/"),
        ],
    )
    def test_what_aws_manages_is_known_by_name(self, tmp_path: Path, arguments: str, path: str) -> None:
        text = f'data "aws_iam_policy" "p" {{\n {arguments}\n}}'
        name = arguments.split('"')[1]

        assert described(tmp_path, "data.aws_iam_policy.p.arn", text) == f"arn:aws:iam::aws:policy{path}{name}"

    @pytest.mark.parametrize(
        "arguments",
        [
            'name = "our-own"',
            'name = "viewonlyaccess"',
            'name = "ViewOnlyAccess"\n path_prefix = "/team/"',
            'name = "ViewOnlyAccess"\n path_prefix = var.prefix',
            'name = "ViewOnlyAccess"\n tags = { team = "a" }',
            'path_prefix = "/job-function/"',
        ],
    )
    def test_what_may_be_a_policy_of_the_account_is_not_taken_for_one_of_aws(
        self, tmp_path: Path, arguments: str
    ) -> None:
        text = f'variable "prefix" {{}}\ndata "aws_iam_policy" "p" {{\n {arguments}\n}}'

        assert described(tmp_path, "data.aws_iam_policy.p.arn", text) == {"$unknown": "${data.aws_iam_policy.p.arn}"}

    def test_a_service_principal_is_known_by_name(self, tmp_path: Path) -> None:
        text = 'data "aws_service_principal" "s" { service_name = "logs" }'

        assert described(tmp_path, "data.aws_service_principal.s.name", text) == "logs.amazonaws.com"

    def test_a_provider_block_tells_the_region_and_the_account_of_its_role(self, tmp_path: Path) -> None:
        text = """
        provider "aws" {
          alias  = "x"
          region = local.region
          assume_role { role_arn = "arn:aws:iam::444455556666:role/deploy" }
        }
        locals { region = "eu-west-1" }
        data "aws_caller_identity" "c" { provider = aws.x }
        data "aws_region" "r" { provider = aws.x }
        """

        assert described(tmp_path, '"${data.aws_caller_identity.c.account_id} ${data.aws_region.r.name}"', text) == (
            "444455556666 eu-west-1"
        )

    @pytest.mark.parametrize(
        "name", ["var.nobody", "local.nobody", "aws_kms_key.nobody.arn", "data.aws_region.nobody.id", "module.nobody.x"]
    )
    def test_what_is_not_declared_is_an_error_with_its_line(self, tmp_path: Path, name: str) -> None:
        found = scan(tmp_path, {"main.tf": "\n" + KEY % name})

        [error] = [item for item in found.diagnostics if item.level.value == "error"]
        assert "nobody" in error.message
        assert (error.file, error.line) == ("main.tf", 2)

    def test_what_refers_to_itself_is_an_error_and_unknown(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": KEY % "local.a" + "\nlocals {\n a = local.b\n b = local.a\n}"})

        assert "refers to itself" in errors(found)[0]
        assert isinstance(after(found, "aws_kms_key.k")["description"], Unknown)


class TestInstances:
    def test_count_makes_numbered_instances(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": 'resource "aws_kms_key" "k" {\n count = 2\n description = count.index\n}'})

        assert list(resources(found)) == ["aws_kms_key.k[0]", "aws_kms_key.k[1]"]

    def test_for_each_makes_named_instances(self, tmp_path: Path) -> None:
        text = 'resource "aws_kms_key" "k" {\n for_each = { b = "x", a = "y" }\n description = "${each.key}=${each.value}"\n}'
        found = scan(tmp_path, {"main.tf": text})

        assert list(resources(found)) == ['aws_kms_key.k["a"]', 'aws_kms_key.k["b"]']
        assert after(found, 'aws_kms_key.k["b"]')["description"] == "b=x"

    def test_an_unknown_count_is_one_instance_that_may_be_there(self, tmp_path: Path) -> None:
        text = 'variable "n" {}\nresource "aws_kms_key" "k" {\n count = var.n\n description = "k${count.index}"\n}'
        found = scan(tmp_path, {"main.tf": text})

        assert list(resources(found)) == ["aws_kms_key.k[*]"]
        assert shown(after(found, "aws_kms_key.k[*]")["description"]) == {"$unknown": "k${count.index}"}

    def test_an_unknown_for_each_is_one_instance_that_may_be_there(self, tmp_path: Path) -> None:
        text = 'variable "n" {}\nresource "aws_kms_key" "k" {\n for_each = var.n\n description = each.value.d\n}'
        found = scan(tmp_path, {"main.tf": text})

        assert list(resources(found)) == ["aws_kms_key.k[*]"]

    def test_a_count_of_none_makes_none(self, tmp_path: Path) -> None:
        assert resources(scan(tmp_path, {"main.tf": 'resource "aws_kms_key" "k" { count = 0 }'})) == {}

    def test_instances_are_indexed_iterated_and_counted(self, tmp_path: Path) -> None:
        text = 'resource "aws_kms_alias" "a" {\n count = 2\n name = "alias/${count.index}"\n target_key_id = "k"\n}'
        expression = '"${aws_kms_alias.a[1].name} ${join(",", aws_kms_alias.a[*].name)} ${length(aws_kms_alias.a)}"'

        assert described(tmp_path, expression, text) == "alias/1 alias/0,alias/1 2"

    def test_an_instance_that_is_not_there_can_be_tried(self, tmp_path: Path) -> None:
        text = 'resource "aws_kms_alias" "a" {\n count = 0\n name = "alias/x"\n target_key_id = "k"\n}'

        assert described(tmp_path, 'try(aws_kms_alias.a[0].name, "none")', text) == "none"

    @pytest.mark.parametrize(
        "expression",
        [
            "values(aws_kms_alias.a)[0].name",
            "[for a in values(aws_kms_alias.a) : a.name][0]",
            'lookup(aws_kms_alias.a, "x", null).name',
            'merge({}, aws_kms_alias.a)["x"]["name"]',
        ],
    )
    def test_a_whole_instance_goes_through_functions(self, tmp_path: Path, expression: str) -> None:
        text = 'resource "aws_kms_alias" "a" {\n for_each = toset(["x"])\n name = "alias/x"\n target_key_id = "k"\n}'

        assert described(tmp_path, expression, text) == "alias/x"

    @pytest.mark.parametrize("kind", ["any", "object({ name = string, arn = string })"])
    def test_a_whole_instance_goes_into_a_module(self, tmp_path: Path, kind: str) -> None:
        files = {
            "main.tf": """
            resource "aws_kms_alias" "a" {
              name          = "alias/x"
              target_key_id = "k"
            }
            module "m" {
              source = "./m"
              alias  = aws_kms_alias.a
            }
            """,
            "m/main.tf": f'variable "alias" {{ type = {kind} }}\n' + KEY % "var.alias.name",
        }

        assert after(scan(tmp_path, files), "module.m.aws_kms_key.k")["description"] == "alias/x"

    def test_resources_can_be_iterated_over_by_for_each(self, tmp_path: Path) -> None:
        text = """
        resource "aws_iam_role" "r" {
          for_each = toset(["a", "b"])
          name     = each.key
          assume_role_policy = "{}"
        }
        resource "aws_iam_role_policy" "p" {
          for_each = aws_iam_role.r
          role     = each.value.name
          policy   = "{}"
        }
        """
        found = scan(tmp_path, {"main.tf": text})

        assert after(found, 'aws_iam_role_policy.p["b"]')["role"] == "b"


class TestModules:
    def test_inputs_go_in_and_outputs_come_out(self, tmp_path: Path) -> None:
        files = {
            "main.tf": 'module "m" {\n source = "./m"\n x = "in"\n}\n' + KEY % "module.m.y",
            "m/main.tf": 'variable "x" {}\noutput "y" { value = "${var.x}-out" }',
        }

        assert after(scan(tmp_path, files), "aws_kms_key.k")["description"] == "in-out"

    def test_every_instance_of_a_call_has_its_own_resources(self, tmp_path: Path) -> None:
        files = {
            "main.tf": 'module "m" {\n source = "./m"\n for_each = toset(["a", "b"])\n x = each.key\n}',
            "m/main.tf": 'variable "x" {}\n' + KEY % "var.x",
        }
        found = scan(tmp_path, files)

        assert {
            address: values.after["description"] for address, values in resources(found).items() if values.after
        } == {
            'module.m["a"].aws_kms_key.k': "a",
            'module.m["b"].aws_kms_key.k': "b",
        }

    def test_a_module_from_elsewhere_is_where_init_put_it(self, tmp_path: Path) -> None:
        files = {
            "main.tf": 'module "m" {\n source  = "acme/kms/aws"\n version = "1.0"\n}',
            ".terraform/modules/modules.json": '{"Modules":[{"Key":"m","Source":"acme/kms/aws","Dir":".terraform/modules/m"}]}',
            ".terraform/modules/m/main.tf": KEY % '"there"',
        }

        assert after(scan(tmp_path, files), "module.m.aws_kms_key.k")["description"] == "there"

    def test_one_that_is_not_at_hand_is_told_and_its_outputs_are_unknown(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": 'module "m" {\n source = "acme/kms/aws"\n}\n' + KEY % '"a${module.m.x}"'})

        [warning] = found.diagnostics
        assert (warning.code, warning.file, warning.line) == ("module-missing", "main.tf", 1)
        assert "terraform init has not put it there" in warning.message
        assert shown(after(found, "aws_kms_key.k")["description"]) == {"$unknown": "a${module.m.x}"}

    @pytest.mark.parametrize("source", ["../outside", "./m/../../outside", "./missing"])
    def test_nothing_outside_of_the_root_is_read(self, tmp_path: Path, source: str) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "main.tf").write_text(KEY % '"outside"')
        root = tmp_path / "root"
        root.mkdir()
        found = scan(root, {"main.tf": f'module "m" {{ source = "{source}" }}'})

        assert [item.code for item in found.diagnostics] == ["module-missing"]
        assert resources(found) == {}

    def test_a_link_out_of_the_root_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "main.tf").write_text(KEY % '"outside"')
        root = tmp_path / "root"
        root.mkdir()
        (root / "m").symlink_to(tmp_path / "outside")

        assert resources(scan(root, {"main.tf": 'module "m" { source = "./m" }'})) == {}

    def test_a_module_that_calls_itself_ends(self, tmp_path: Path) -> None:
        found = scan(
            tmp_path, {"main.tf": 'module "m" { source = "./m" }', "m/main.tf": 'module "m" { source = "../m" }'}
        )

        [told] = [item for item in found.diagnostics if item.code == "module-missing"]
        assert told.level is Level.ERROR
        assert told.message == "module.m is not read: it calls itself; what it makes is not judged"

    @pytest.mark.parametrize("links", [{"m/again": "../m"}, {"m/again": "../n", "n/again": "../m"}, {"m/again": ".."}])
    def test_so_does_one_that_calls_itself_through_links(self, tmp_path: Path, links: dict[str, str]) -> None:
        call = 'module "m" { source = "./%s" }'
        for path, target in links.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).symlink_to(target, target_is_directory=True)
        found = scan(tmp_path, {"main.tf": call % "m", "m/main.tf": call % "again", "n/main.tf": call % "again"})

        [told] = [item for item in found.diagnostics if item.code == "module-missing"]
        assert told.level is Level.ERROR
        assert told.message == "module.m is not read: it calls itself; what it makes is not judged"
        assert told.file is not None
        assert told.file.count("/") < 4


class TestBlocks:
    def test_dynamic_blocks_are_written_out_in_source_order(self, tmp_path: Path) -> None:
        text = """
        data "aws_iam_policy_document" "d" {
          statement {
            sid = "First"
          }
          dynamic "statement" {
            for_each = { b = ["s3:Put"], a = ["s3:Get"] }
            iterator = it
            content {
              sid     = upper(it.key)
              actions = it.value
              dynamic "condition" {
                for_each = it.key == "a" ? ["x"] : []
                content {
                  test     = "StringEquals"
                  variable = "aws:PrincipalArn"
                  values   = [condition.value]
                }
              }
            }
          }
          statement {
            sid = "Last"
          }
        }
        """
        found = scan(tmp_path, {"main.tf": text})
        statements = after(found, "data.aws_iam_policy_document.d")["statement"]

        assert [statement["sid"] for statement in shown(statements)] == ["First", "A", "B", "Last"]
        assert shown(statements)[1]["condition"] == [
            {"test": "StringEquals", "variable": "aws:PrincipalArn", "values": ["x"]}
        ]

    def test_a_dynamic_statement_over_something_unknown_may_be_there_as_it_is_written(self, tmp_path: Path) -> None:
        text = """
        variable "more" {}
        resource "aws_kms_key" "k" { policy = data.aws_iam_policy_document.d.json }
        data "aws_iam_policy_document" "d" {
          statement {
            sid     = "First"
            actions = ["kms:*"]
          }
          dynamic "statement" {
            for_each = var.more
            content {
              sid       = "More"
              actions   = ["kms:Decrypt"]
              resources = [statement.value]
              condition {
                test     = "Bool"
                variable = "aws:SecureTransport"
                values   = ["true"]
              }
            }
          }
        }
        """
        policy = shown(after(scan(tmp_path, {"main.tf": text}), "aws_kms_key.k")["policy"])
        first, more = policy["Statement"]

        assert first["Sid"] == "First"
        assert more == {
            "Sid": {"$unknown": "${var.more}"},
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": {"$unknown": "${statement.value}"},
            "Condition": {
                "Bool": {"aws:SecureTransport": "true"},
                "${var.more}": {"$unknown": "${var.more}"},
            },
        }

    def test_statements_of_which_the_number_is_unknown_never_take_the_place_of_each_other(self, tmp_path: Path) -> None:
        text = """
        variable "more" {}
        resource "aws_kms_key" "k" { policy = data.aws_iam_policy_document.outer.json }
        data "aws_iam_policy_document" "inner" {
          dynamic "statement" {
            for_each = var.more
            content { actions = ["kms:ScheduleKeyDeletion"] }
          }
        }
        data "aws_iam_policy_document" "outer" {
          source_policy_documents = [data.aws_iam_policy_document.inner.json]
          dynamic "statement" {
            for_each = var.more
            content { actions = ["kms:Decrypt"] }
          }
        }
        """
        policy = shown(after(scan(tmp_path, {"main.tf": text}), "aws_kms_key.k")["policy"])

        assert len(policy["Statement"]) == 2
        assert "$unknown" in policy["Statement"][0]  # the other may have its Sid
        assert policy["Statement"][1]["Action"] == "kms:Decrypt"

    def test_a_policy_with_one_unknown_is_a_policy_with_one_hole(self, tmp_path: Path) -> None:
        text = """
        variable "who" {}
        resource "aws_kms_key" "k" {
          policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = var.who }, Action = "kms:*", Resource = "*" }] })
        }
        """
        policy = shown(after(scan(tmp_path, {"main.tf": text}), "aws_kms_key.k")["policy"])

        assert policy["Statement"][0]["Principal"] == {"AWS": {"$unknown": "${var.who}"}}
        assert policy["Statement"][0]["Action"] == "kms:*"

    def test_null_is_an_argument_that_is_left_out(self, tmp_path: Path) -> None:
        text = 'variable "p" { default = null }\nresource "aws_kms_key" "k" { policy = var.p }\nresource "aws_kms_key" "l" {}'
        found = scan(tmp_path, {"main.tf": text})

        for name in "kl":
            assert isinstance(resources(found)[f"aws_kms_key.{name}"].argument("policy"), Omitted)

    def test_an_argument_has_its_references(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": 'variable "p" {}\nresource "aws_kms_key" "k" { policy = var.p }'})

        assert resources(found)["aws_kms_key.k"].argument("policy") == Argument(("var.p",))

    def test_a_block_that_cannot_be_read_costs_no_other(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": KEY % '"good"' + '\nresource "aws_kms_key" "bad" { description = = }\n'})

        assert after(found, "aws_kms_key.k")["description"] == "good"
        assert [(item.file, item.line) for item in found.diagnostics] == [("main.tf", 2)]

    def test_a_sensitive_value_marks_what_is_made_of_it(self, tmp_path: Path) -> None:
        text = 'variable "s" {\n default = "x"\n sensitive = true\n}\n' + KEY % '"a${var.s}"'
        found = scan(tmp_path, {"main.tf": text})

        assert resources(found)["aws_kms_key.k"].after_sensitive == {"description": True}

    def test_files_are_read_below_the_root_only(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        root = tmp_path / "root"
        root.mkdir()
        text = KEY % 'file("inside.txt")' + '\nresource "aws_kms_key" "o" { description = file("../secret") }'
        found = scan(root, {"main.tf": text, "inside.txt": "inside"})

        assert after(found, "aws_kms_key.k")["description"] == "inside"
        assert "secret" not in str(shown(after(found, "aws_kms_key.o")["description"])).replace("../secret", "")

    def test_override_files_replace_arguments(self, tmp_path: Path) -> None:
        found = scan(tmp_path, {"main.tf": KEY % '"a"', "override.tf": KEY % '"b"'})

        assert after(found, "aws_kms_key.k")["description"] == "b"

    def test_json_syntax_is_read_too(self, tmp_path: Path) -> None:
        text = '{"variable": {"x": {"default": "y"}}, "resource": {"aws_kms_key": {"k": {"description": "${var.x}!"}}}}'

        assert after(scan(tmp_path, {"main.tf.json": text}), "aws_kms_key.k")["description"] == "y!"

    def test_refactoring_blocks_do_no_harm(self, tmp_path: Path) -> None:
        text = (
            KEY % '"x"'
            + """
        moved {
          from = aws_kms_key.old
          to   = aws_kms_key.k
        }
        import {
          to = aws_kms_key.k
          id = "x"
        }
        removed {
          from = aws_kms_key.gone
          lifecycle { destroy = false }
        }
        check "c" {
          assert {
            condition     = true
            error_message = "x"
          }
        }
        """
        )
        found = scan(tmp_path, {"main.tf": text})

        assert errors(found) == []
        assert list(resources(found)) == ["aws_kms_key.k"]


class TestPlaces:
    def test_each_statement_has_its_line_and_the_calls_that_lead_to_it(self, tmp_path: Path) -> None:
        files = {
            "main.tf": '\nmodule "m" {\n source = "./m"\n}',
            "m/main.tf": 'resource "aws_kms_key" "k" {\n policy = jsonencode({\n  Statement = [\n   { Sid = "A" },\n   { Sid = "B" },\n  ]\n })\n}',
        }
        key = resources(scan(tmp_path, files))["module.m.aws_kms_key.k"]

        place = key.origin("/policy/Statement/1")
        assert place.span is not None
        assert (place.span.file, place.span.line, place.via) == ("m/main.tf", 5, ("main.tf:2",))

    def test_a_statement_of_a_document_stands_in_its_block(self, tmp_path: Path) -> None:
        text = """
resource "aws_kms_key" "k" { policy = data.aws_iam_policy_document.d.json }
data "aws_iam_policy_document" "d" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    sid     = "Own"
    actions = ["kms:*"]
  }
}
data "aws_iam_policy_document" "base" {
  statement {
    sid     = "Base"
    actions = ["kms:List*"]
  }
}
"""
        key = resources(scan(tmp_path, {"main.tf": text}))["aws_kms_key.k"]

        lines = [span.line for n in (0, 1) if (span := key.origin(f"/policy/Statement/{n}").span) is not None]
        assert lines == [11, 5]

    def test_a_line_of_a_heredoc_is_its_own(self, tmp_path: Path) -> None:
        text = 'resource "aws_kms_key" "k" {\n  policy = <<-EOT\n    {"Statement": [\n      {"Sid": "A"},\n      {"Sid": "B"}\n    ]}\n  EOT\n}\n'
        key = resources(scan(tmp_path, {"main.tf": text}))["aws_kms_key.k"]

        place = key.origin("/policy/Statement/1").span
        assert place is not None
        assert place.line == 5


def test_a_region_that_a_block_gives_as_null_is_that_of_its_provider(tmp_path: Path) -> None:
    text = 'variable "r" { default = null }\nresource "aws_kms_key" "k" { region = var.r }\n'
    found = scan(tmp_path, {"main.tf": text})

    assert errors(found) == []
    assert resources(found)["aws_kms_key.k"].account.region == "us-east-1"


def test_what_names_something_by_a_name_to_be_made_up_is_found_by_its_reference(tmp_path: Path) -> None:
    text = """
    resource "aws_iam_role" "r" {
      name_prefix        = "admin-"
      assume_role_policy = "{}"
    }
    resource "aws_iam_role_policy_attachment" "a" {
      role       = aws_iam_role.r.name
      policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    }
    """
    found = scan(tmp_path, {"main.tf": text})

    assert isinstance(after(found, "aws_iam_role_policy_attachment.a")["role"], Unknown)
    links = resources(found)["aws_iam_role_policy_attachment.a"].links["role"].links
    assert [link.address for link in links] == ["aws_iam_role.r"]
