# sei on a cluster, a PostgreSQL and a Kafka that you have. Make the Secret first:
#   kubectl create namespace sei
#   kubectl -n sei create secret generic sei --from-file=database-url
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
  description = "The context of ~/.kube/config."
  type        = string
}

variable "image_repository" {
  type = string
}

variable "host" {
  description = "The host of the page and the API."
  type        = string
}

variable "kafka_brokers" {
  description = "host:port, separated by commas."
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
  source = "../../modules/sei"

  # it has the Secret already
  create_namespace = false
  image            = { repository = var.image_repository }
  route            = { kind = "ingress", host = var.host, ingress_class = "nginx", tls_secret = "sei-tls" }

  values = [yamlencode({
    settings = {
      log = { kafka = { brokers = var.kafka_brokers } }
    }
  })]
}

output "url" {
  value = module.sei.url
}
