variable "project" {
  description = "Id of the Google Cloud project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "environment" {
  description = "Which environment this is; a part of the name of everything."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "The environment is dev or prod."
  }
}

variable "region" {
  description = "Region of functions, jobs, buckets and database."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like europe-west3."
  }
}

variable "archive" {
  description = "Path of the function archive that `make package` made; its name holds its SHA-256."
  type        = string

  validation {
    condition     = can(regex("mmmflow-[0-9a-f]{64}\\.zip$", var.archive))
    error_message = "The archive is build/mmmflow-<sha256>.zip, as `make package` names it."
  }
}

variable "images" {
  description = "Image of each engine's worker, by digest. `extract` runs in the native one."
  type = object({
    native = string
    robyn  = string
  })

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "Every image is pinned by its digest: <name>@sha256:<64 hex digits>."
  }
}

variable "people" {
  description = "Who may use the page and the API: domains and accounts that may look, and accounts that may change things."
  type = object({
    domains   = list(string)
    viewers   = optional(list(string), [])
    operators = list(string)
  })

  validation {
    condition     = alltrue([for domain in var.people.domains : can(regex("^[a-z0-9.-]+\\.[a-z]+$", domain))])
    error_message = "A domain looks like example.com."
  }

  validation {
    condition     = alltrue([for mail in concat(var.people.viewers, var.people.operators) : can(regex("^[^@ ]+@[^@ ]+$", mail))])
    error_message = "Viewers and operators are mail addresses of users or service accounts."
  }
}

variable "snowflake" {
  description = "Where the data comes from; null where files are dropped instead. The key is no variable: save it with `mmmflow secrets save snowflake-key`."
  type = object({
    account   = string
    user      = string
    role      = string
    warehouse = string
    database  = optional(string, "")
    schema    = optional(string, "PUBLIC")

    statement_seconds = optional(number, 3600)
  })
  default = null
}

variable "default_engine" {
  description = "Engine of an experiment that names none."
  type        = string
  default     = "robyn"

  validation {
    condition     = contains(["native", "robyn"], var.default_engine)
    error_message = "The engine is native or robyn."
  }
}

variable "static_egress" {
  description = "Leave through one fixed address (NAT), for Snowflake's network policy. It costs money while idle."
  type        = bool
  default     = false
}

variable "kms_key" {
  description = "Key for everything at rest, projects/…/cryptoKeys/…; null for Google's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/.+/locations/.+/keyRings/.+/cryptoKeys/.+$", var.kms_key))
    error_message = "A key looks like projects/p/locations/l/keyRings/r/cryptoKeys/k."
  }
}

variable "retention_days" {
  description = "Days after which uploads, and the files of runs, are deleted; 0 keeps them."
  type = object({
    uploads = optional(number, 90)
    runs    = optional(number, 0)
  })
  default = {}

  validation {
    condition     = var.retention_days.uploads >= 0 && var.retention_days.runs >= 0
    error_message = "Days are 0 or more."
  }
}

variable "billing_export" {
  description = "Table of the billing export, project.dataset.table, read for the daily costs; null without costs."
  type        = string
  default     = null

  validation {
    condition     = var.billing_export == null || can(regex("^[a-z0-9-]+\\.[A-Za-z0-9_]+\\.[A-Za-z0-9_]+$", var.billing_export))
    error_message = "A table looks like project.dataset.table."
  }
}

variable "budget" {
  description = "Monthly budget whose half, nine tenths and whole are announced; null for none."
  type = object({
    billing_account = string
    currency        = string
    amount          = number
  })
  default = null
}

variable "alert_mails" {
  description = "Addresses that alerts go to."
  type        = list(string)
  default     = []
}

variable "github_repository" {
  description = "owner/name of the repository whose pipeline may deploy; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[^/ ]+/[^/ ]+$", var.github_repository))
    error_message = "A repository looks like owner/name."
  }
}

variable "deploy_branches" {
  description = "Branches whose pipeline may deploy this environment; one that ends in * stands for all that begin so."
  type        = list(string)
  default     = ["main"]

  validation {
    condition     = length(var.deploy_branches) > 0 && alltrue([for branch in var.deploy_branches : can(regex("^[A-Za-z0-9._/-]+[*]?$", branch))])
    error_message = "A branch is a name, as main, or the beginning of names, as feat-*."
  }
}

variable "protect" {
  description = "Refuse to destroy the database and the buckets."
  type        = bool
  default     = true
}
