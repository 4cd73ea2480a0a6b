variable "name" {
  description = "Prefix of the names of everything that is made."
  type        = string
  default     = "sei"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.name)) && !endswith(var.name, "-")
    error_message = "name: expected 1 to 20 of a-z, 0-9 and -, beginning with a letter."
  }
}

variable "vpc_id" {
  description = "The VPC in which everything runs."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id: expected the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Private subnets, each in another availability zone. Kafka has brokers in all of them."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(distinct(var.subnet_ids))) && alltrue([for id in var.subnet_ids : startswith(id, "subnet-")])
    error_message = "subnet_ids: expected the ids of 2 or 3 private subnets."
  }
}

variable "cluster" {
  description = "An EKS cluster that exists. Without it one is made."
  type = object({
    name              = string
    oidc_provider_arn = string
    # of the nodes, from which PostgreSQL and Kafka are reached
    security_group_id = string
  })
  default = null

  validation {
    condition     = var.cluster == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+$", var.cluster.oidc_provider_arn))
    error_message = "cluster.oidc_provider_arn: expected the ARN of the cluster's IAM OIDC provider."
  }
}

variable "new_cluster" {
  description = "The EKS cluster that is made. Its API is reached from the VPC; public_cidrs opens it to further addresses."
  type = object({
    version        = optional(string, "1.33")
    public_cidrs   = optional(list(string), [])
    instance_types = optional(list(string), ["m7i.large"])
    min_nodes      = optional(number, 2)
    max_nodes      = optional(number, 6)
    disk_gb        = optional(number, 100)
  })
  default = {}

  validation {
    condition     = alltrue([for cidr in var.new_cluster.public_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "new_cluster.public_cidrs: expected ranges of IPv4 addresses, and not all of them."
  }

  validation {
    condition     = var.new_cluster.min_nodes >= 1 && var.new_cluster.max_nodes >= var.new_cluster.min_nodes
    error_message = "new_cluster: expected 1 <= min_nodes <= max_nodes."
  }
}

variable "database" {
  description = "RDS for PostgreSQL. RDS has no TimescaleDB; sei works without it."
  type = object({
    engine_version     = optional(string, "17")
    instance_class     = optional(string, "db.m7g.large")
    storage_gb         = optional(number, 100)
    max_storage_gb     = optional(number, 1000)
    multi_az           = optional(bool, true)
    backup_days        = optional(number, 14)
    deletion_protected = optional(bool, true)
    # raise it for a new password of the role `sei`, and set that in PostgreSQL
    password_version = optional(number, 1)
  })
  default = {}

  validation {
    condition     = var.database.storage_gb >= 20 && var.database.max_storage_gb > var.database.storage_gb
    error_message = "database: expected 20 <= storage_gb < max_storage_gb."
  }

  validation {
    condition     = var.database.backup_days >= 1 && var.database.backup_days <= 35
    error_message = "database.backup_days: expected 1 to 35; point in time recovery needs at least 1."
  }
}

variable "kafka" {
  description = "MSK. brokers_per_zone brokers are in each subnet."
  type = object({
    version          = optional(string, "3.9.x")
    instance_type    = optional(string, "kafka.m7g.large")
    brokers_per_zone = optional(number, 1)
    storage_gb       = optional(number, 100)
    partitions       = optional(number, 12)
    log_days         = optional(number, 30)
    # raise it for a new password, which MSK takes within minutes
    password_version = optional(number, 1)
  })
  default = {}

  validation {
    condition     = var.kafka.brokers_per_zone >= 1 && var.kafka.storage_gb >= 1 && var.kafka.partitions >= 1
    error_message = "kafka: expected at least 1 for brokers_per_zone, storage_gb and partitions."
  }
}

variable "backup" {
  description = "When sei writes backups to S3, in five fields of cron, and for how long S3 keeps what was deleted."
  type = object({
    schedule     = optional(string, "30 2 * * *")
    deleted_days = optional(number, 30)
  })
  default = {}

  validation {
    condition     = length(split(" ", var.backup.schedule)) == 5
    error_message = "backup.schedule: expected five fields, such as \"30 2 * * *\"."
  }

  validation {
    condition     = var.backup.deleted_days >= 1
    error_message = "backup.deleted_days: expected at least 1."
  }
}

variable "passwords" {
  description = "Passwords of the user sei of PostgreSQL and of Kafka. They are written when password_version is raised, and never stored in the state."
  type        = object({ database = string, kafka = string })
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = alltrue([for password in values(var.passwords) : can(regex("^[A-Za-z0-9]{20,64}$", password))])
    error_message = "passwords: expected 20 to 64 letters and digits."
  }
}

variable "secrets" {
  description = "Further secrets, such as tokens of sources: each is made without a value, for you to write, and is a key of the Secret of the chart."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for key in var.secrets : can(regex("^[a-z0-9][a-z0-9-]{0,62}$", key))])
    error_message = "secrets: expected names of a-z, 0-9 and -, such as github-token."
  }

  validation {
    condition     = length(setintersection(var.secrets, ["database-url", "kafka-password", "backup-identity"])) == 0
    error_message = "secrets: database-url, kafka-password and backup-identity are made anyway."
  }
}

variable "namespace" {
  description = "The namespace of sei, whose service accounts may use the bucket of backups."
  type        = string
  default     = "sei"
}

variable "release" {
  description = "The name of the Helm release, after which the chart names its service account."
  type        = string
  default     = "sei"

  validation {
    condition     = strcontains(var.release, "sei")
    error_message = "release: expected a name with `sei` in it, as the chart's service account is then named after it."
  }
}

variable "external_secrets" {
  description = "The service account of the External Secrets Operator, which may read the secrets, and the ClusterSecretStore that you made for it."
  type = object({
    namespace       = optional(string, "external-secrets")
    service_account = optional(string, "external-secrets")
    store           = optional(string, "aws")
  })
  default = {}
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
