names = ["a", "b-${"c"}"]
text  = <<-EOT
  {"Version": "2012-10-17", "Statement": []}
EOT
policy = {
  Version = "2012-10-17"
  Statement = [{ Sid = "x", Effect = "Allow", Principal = "*", Action = ["kms:*"], Resource = "*" }]
}
