# sei on the cluster of the example above this directory:
#   tofu -chdir=.. output -json values > values.json
terraform {
  required_version = ">= 1.11"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.38"
    }
  }
}

variable "kube_context" {
  description = "The context of ~/.kube/config, as `aws eks update-kubeconfig` makes it."
  type        = string
}

variable "image" {
  description = "Repository and digest of your image."
  type        = object({ repository = string, digest = string })
}

variable "host" {
  description = "The host of the page and the API."
  type        = string
}

provider "kubernetes" {
  config_path    = "~/.kube/config"
  config_context = var.kube_context
}

provider "helm" {
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = var.kube_context
  }
}

module "sei" {
  source = "../../../modules/sei"

  image = var.image
  route = { kind = "ingress", host = var.host, ingress_class = "nginx" }

  # https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
  database_ca = file("${path.module}/rds-ca.pem")

  values = [
    file("${path.module}/values.json"),
    yamlencode({
      settings = {
        source = [{
          connector = "github"
          pull      = { token = { file = "/run/secrets/sei/github-token" }, projects = ["octocat"] }
          webhook   = { secrets = [{ file = "/run/secrets/sei/github-webhook-secret" }] }
        }]
      }
    }),
  ]
}

output "url" {
  value = module.sei.url
}
