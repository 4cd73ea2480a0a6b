variable "release" {
  description = "The name of the Helm release."
  type        = string
  default     = "sei"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.release))
    error_message = "release: expected up to 40 of a-z, 0-9 and -, beginning with a letter."
  }
}

variable "namespace" {
  description = "The namespace. It is made, unless create_namespace is false."
  type        = string
  default     = "sei"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace: expected the name of a namespace."
  }
}

variable "create_namespace" {
  description = "Whether the namespace is made, with the standard `restricted` for its pods."
  type        = bool
  default     = true
}

variable "chart" {
  description = "The chart: a directory, or oci://… of your registry. Without it, that of this repository."
  type        = string
  default     = null
}

variable "chart_version" {
  description = "The version of a chart of a registry."
  type        = string
  default     = null

  validation {
    condition     = var.chart_version != null || !startswith(coalesce(var.chart, "."), "oci://")
    error_message = "chart_version: expected a version, which a chart of a registry needs."
  }
}

variable "image" {
  description = "Your image. A digest takes precedence over a tag; without both the version of the chart is taken."
  type = object({
    repository   = string
    tag          = optional(string, "")
    digest       = optional(string, "")
    pull_secrets = optional(list(string), [])
  })

  validation {
    condition     = var.image.repository != "" && var.image.tag != "latest"
    error_message = "image: expected a repository, and a tag that is not `latest`."
  }

  validation {
    condition     = can(regex("^(sha256:[0-9a-f]{64})?$", var.image.digest))
    error_message = "image.digest: expected sha256:… of 64 hexadecimal digits."
  }
}

variable "secret_name" {
  description = "The Secret with the keys that the settings refer to. You make it, or the External Secrets Operator does."
  type        = string
  default     = "sei"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.secret_name))
    error_message = "secret_name: expected the name of a Secret."
  }
}

variable "route" {
  description = "How people and sources reach it: none, ingress or gateway."
  type = object({
    kind          = optional(string, "none")
    host          = optional(string, "")
    webhooks_host = optional(string, "")
    ingress_class = optional(string, "")
    tls_secret    = optional(string, "")
    annotations   = optional(map(string), {})
    # parentRefs of the Gateway API
    gateways = optional(list(object({ name = string, namespace = string })), [])
  })
  default = {}

  validation {
    condition     = contains(["none", "ingress", "gateway"], var.route.kind)
    error_message = "route.kind: expected none, ingress or gateway."
  }

  validation {
    condition     = var.route.kind == "none" || var.route.host != ""
    error_message = "route.host: expected the host of the page and the API."
  }

  validation {
    condition     = var.route.kind != "gateway" || length(var.route.gateways) > 0
    error_message = "route.gateways: expected the Gateway, such as [{ name = \"public\", namespace = \"gateways\" }]."
  }
}

variable "monitoring" {
  description = "Whether objects of the Prometheus operator are made, and the labels by which it finds them."
  type = object({
    enabled   = optional(bool, false)
    namespace = optional(string, "monitoring")
    labels    = optional(map(string), {})
  })
  default = {}
}

variable "database_ca" {
  description = "Certificates (PEM) of the authority of PostgreSQL, in /etc/sei-database/ca.pem of every pod: sslrootcert in the URL."
  type        = string
  default     = null

  validation {
    condition     = var.database_ca == null || strcontains(coalesce(var.database_ca, "-"), "BEGIN CERTIFICATE")
    error_message = "database_ca: expected certificates in PEM."
  }
}

variable "values" {
  description = "Further values of the chart as YAML, the last of which win: those of the module aws, and yours."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for text in var.values : can(yamldecode(text))])
    error_message = "values: expected YAML."
  }

  validation {
    condition     = alltrue([for text in var.values : !can(regex("://[^/\\s\"']*:[^/\\s\"']*@", text))])
    error_message = "values: found a password in a URL; expected { file: /run/secrets/sei/KEY }, a key of the Secret."
  }
}

variable "timeout_secs" {
  description = "How long Helm waits, for the migration of the schema and then for the roles."
  type        = number
  default     = 900

  validation {
    condition     = var.timeout_secs >= 60
    error_message = "timeout_secs: expected at least 60."
  }
}
