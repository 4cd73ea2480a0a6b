# No account is needed: nothing of AWS is asked.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/0f0f0f0f-0000-4000-8000-000000000000" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/NEW" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { identity = [{ oidc = [{ issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/NEW" }] }] }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::sei-backups-1", bucket = "sei-backups-1" }
  }
  mock_resource "aws_msk_configuration" {
    defaults = { arn = "arn:aws:kafka:eu-central-1:123456789012:configuration/sei/1", latest_revision = 1 }
  }
  mock_resource "aws_msk_cluster" {
    defaults = {
      arn                          = "arn:aws:kafka:eu-central-1:123456789012:cluster/sei/1"
      bootstrap_brokers_sasl_scram = "b-1.sei.example.org:9096,b-2.sei.example.org:9096"
    }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mocked-AbCdEf" }
  }
}

variables {
  vpc_id     = "vpc-0123456789abcdef0"
  subnet_ids = ["subnet-0a", "subnet-0b", "subnet-0c"]
  secrets    = ["github-token"]
  passwords  = { database = "aaaaaaaaaaaaaaaaaaaaaaaa", kafka = "bbbbbbbbbbbbbbbbbbbbbbbb" }
  cluster = {
    name              = "platform"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
    security_group_id = "sg-0123456789abcdef0"
  }
}

run "an_existing_cluster_is_used" {
  assert {
    condition     = length(aws_eks_cluster.this) == 0 && length(aws_eks_node_group.this) == 0 && output.cluster_name == "platform"
    error_message = "a cluster is made beside the one that exists"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.database.referenced_security_group_id == "sg-0123456789abcdef0" && aws_vpc_security_group_ingress_rule.kafka.referenced_security_group_id == "sg-0123456789abcdef0"
    error_message = "PostgreSQL and Kafka are open to others than the nodes"
  }
}

run "all_is_private_and_encrypted" {
  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.deletion_protection && aws_db_instance.this.multi_az
    error_message = "the database is public, not encrypted, not protected or in one zone"
  }
  assert {
    condition     = one(aws_db_parameter_group.this.parameter).name == "rds.force_ssl" && one(aws_db_parameter_group.this.parameter).value == "1"
    error_message = "PostgreSQL takes connections without TLS"
  }
  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && !aws_msk_cluster.this.client_authentication[0].unauthenticated
    error_message = "Kafka takes connections without TLS or without a password"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.backups.block_public_policy && aws_s3_bucket_public_access_block.backups.restrict_public_buckets && !aws_s3_bucket.backups.force_destroy
    error_message = "the bucket may become public or is deleted with its backups"
  }
}

run "each_role_of_iam_is_for_one_service_account" {
  assert {
    condition = alltrue([for key, who in { backups = ["system:serviceaccount:sei:sei"], secrets = ["system:serviceaccount:external-secrets:external-secrets"] } :
      jsondecode(aws_iam_role.workload[key].assume_role_policy).Statement[0].Condition.StringEquals["oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub"] == who
    ])
    error_message = "others may take a role"
  }
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.workload : !strcontains(policy.policy, "\"*\"") && !strcontains(policy.policy, ":*\"")])
    error_message = "a role may do everything, or use everything"
  }
}

run "the_values_refer_to_secrets" {
  assert {
    condition     = output.values.settings.log.kafka.brokers == "b-1.sei.example.org:9096,b-2.sei.example.org:9096" && output.values.settings.log.kafka.replication == 3
    error_message = "the settings of Kafka are not those of MSK"
  }
  assert {
    condition     = toset(keys(output.values.secrets.external.data)) == toset(["backup-identity", "database-url", "github-token", "kafka-password"])
    error_message = "the Secret of the chart has other keys"
  }
  assert {
    condition = alltrue([for key in keys(output.values) :
      contains(keys(jsondecode(file("${path.module}/../../../chart/values.schema.json")).properties), key)
    ])
    error_message = "a value is set that the chart does not have"
  }
}

run "a_new_cluster_is_private" {
  variables {
    cluster = null
  }
  assert {
    condition     = !aws_eks_cluster.this["this"].vpc_config[0].endpoint_public_access && aws_eks_cluster.this["this"].encryption_config[0].resources == toset(["secrets"])
    error_message = "the API of the cluster is public or its secrets are not encrypted"
  }
  assert {
    condition     = aws_launch_template.nodes["this"].metadata_options[0].http_tokens == "required"
    error_message = "pods may take the role of the node"
  }
}

run "the_api_of_a_cluster_is_not_open_to_everyone" {
  command = plan
  variables {
    cluster     = null
    new_cluster = { public_cidrs = ["0.0.0.0/0"] }
  }
  expect_failures = [var.new_cluster]
}

run "one_subnet_is_refused" {
  command = plan
  variables {
    subnet_ids = ["subnet-0a"]
  }
  expect_failures = [var.subnet_ids]
}

run "a_schedule_has_five_fields" {
  command = plan
  variables {
    backup = { schedule = "daily" }
  }
  expect_failures = [var.backup]
}
