# What functions/mmmflow/cloud/environment.py reads.
locals {
  # The names of what there is: told to every process.
  environment_variables = {
    MMMFLOW_PROJECT        = var.project
    MMMFLOW_REGION         = var.region
    MMMFLOW_PREFIX         = local.prefix
    MMMFLOW_DATABASE       = google_firestore_database.this.name
    MMMFLOW_UPLOADS_BUCKET = google_storage_bucket.bucket["uploads"].name
    MMMFLOW_DATA_BUCKET    = google_storage_bucket.bucket["data"].name
    MMMFLOW_DEFAULT_ENGINE = var.default_engine
    MMMFLOW_IMAGE_NATIVE   = var.images.native
    MMMFLOW_IMAGE_ROBYN    = var.images.robyn
  }

  # A service account's token is meant for the API itself; a person's, which
  # gcloud gives, is always meant for gcloud: this is its OAuth client.
  gcloud_client = "32555940559.apps.googleusercontent.com"

  # What only some are told.
  own_variables = {
    api = merge(local.let_in, {
      MMMFLOW_IDENTITY  = "token"
      MMMFLOW_AUDIENCES = "${local.url.api},${local.gcloud_client}"
      MMMFLOW_SIGNER    = google_service_account.function["api"].email
    })
    costs   = local.billing
    extract = local.snowflake
    page = merge(local.let_in, {
      MMMFLOW_IDENTITY  = "iap"
      MMMFLOW_AUDIENCES = "/projects/${data.google_project.this.number}/locations/${var.region}/services/${local.prefix}-page"
      MMMFLOW_SIGNER    = google_service_account.function["page"].email
    })
  }

  # No function reads a bill that there is none of.
  billing = var.billing_export == null ? {} : {
    MMMFLOW_BILLING_EXPORT = var.billing_export
  }

  snowflake = var.snowflake == null ? {} : {
    MMMFLOW_SNOWFLAKE_ACCOUNT           = var.snowflake.account
    MMMFLOW_SNOWFLAKE_USER              = var.snowflake.user
    MMMFLOW_SNOWFLAKE_WAREHOUSE         = var.snowflake.warehouse
    MMMFLOW_SNOWFLAKE_ROLE              = var.snowflake.role
    MMMFLOW_SNOWFLAKE_DATABASE          = var.snowflake.database
    MMMFLOW_SNOWFLAKE_SCHEMA            = var.snowflake.schema
    MMMFLOW_SNOWFLAKE_STATEMENT_SECONDS = tostring(var.snowflake.statement_seconds)
  }

  let_in = {
    MMMFLOW_ALLOWED_DOMAINS  = join(",", var.people.domains)
    MMMFLOW_ALLOWED_ACCOUNTS = join(",", concat(var.people.viewers, var.people.operators))
    MMMFLOW_OPERATORS        = join(",", var.people.operators)
  }
}
