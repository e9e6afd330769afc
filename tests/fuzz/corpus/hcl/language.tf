terraform { required_version = ">= 1" }
variable "names" {
  type    = set(object({ a = optional(string, "x") }))
  default = [{}]
  sensitive = true
}
locals {
  text = "%{for x in range(3)~} ${x} %{endfor}"
  map  = { for k, v in { a = 1, b = [2, 3] } : upper(k) => v... if k != "c" }
  deep = try(jsondecode(file("main.tf")), regex("(?P<x>a+)", "aaa")["x"], null)
}
data "aws_iam_policy_document" "key" {
  dynamic "statement" {
    for_each = var.names
    content {
      actions   = ["kms:${format("%s%05.2f", "De*", 3)}"]
      resources = ["*"]
      principals {
        type        = "AWS"
        identifiers = [for r in ["a", "b"] : "arn:aws:iam::111122223333:role/${r}"]
      }
    }
  }
}
resource "aws_kms_key" "main" {
  count  = length(local.map)
  policy = count.index == 0 ? data.aws_iam_policy_document.key.json : <<-EOT
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Sid": "${local.text}"}]}
  EOT
}
resource "aws_iam_role_policy" "r" {
  for_each = toset(cidrsubnets("10.0.0.0/8", 4, 4)) # tfkms:ignore IAM-KMS-3 because
  role     = "r-${each.key}"
  policy   = templatestring("$${x}", { x = jsonencode({ Statement = [] }) })
}
