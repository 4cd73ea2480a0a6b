# What sei needs of AWS, in a VPC that you have. After it, `chart` installs sei (docs/terraform.md has the steps between).
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "region" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  description = "Private subnets, each in another availability zone."
  type        = list(string)
}

provider "aws" {
  region = var.region
}

# Made by each run, and written only by that which makes the secrets, or raises a password_version.
ephemeral "aws_secretsmanager_random_password" "this" {
  for_each            = toset(["database", "kafka"])
  password_length     = 40
  exclude_punctuation = true
}

module "aws" {
  source = "../../modules/aws"

  vpc_id     = var.vpc_id
  subnet_ids = var.subnet_ids
  passwords  = { for name, made in ephemeral.aws_secretsmanager_random_password.this : name => made.random_password }
  secrets    = ["github-token", "github-webhook-secret"]
}

output "values" {
  value = module.aws.values
}

output "next" {
  description = "What the steps after this one need."
  value = {
    cluster_name                      = module.aws.cluster_name
    external_secrets_role_arn         = module.aws.external_secrets_role_arn
    database_address                  = module.aws.database_address
    database_administrator_secret_arn = module.aws.database_administrator_secret_arn
    database_secret_name              = module.aws.database_secret_name
    secret_names                      = module.aws.secret_names
  }
}
