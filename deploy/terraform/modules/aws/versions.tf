terraform {
  # values that are written and never stored in the state came with 1.11, in Terraform and in OpenTofu
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
