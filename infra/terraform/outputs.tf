output "page" {
  description = "Address of the status page."
  value       = local.url.page
}

output "api" {
  description = "Address of the API, and the audience of its callers' tokens."
  value       = local.url.api
}

output "buckets" {
  description = "Where people write, where the data is, where the archives are."
  value       = { for name, bucket in google_storage_bucket.bucket : name => bucket.name }
}

output "deployed" {
  description = "What is deployed, to put it back: archive and images."
  value = {
    archive = "gs://${google_storage_bucket_object.archive.bucket}/${google_storage_bucket_object.archive.name}"
    native  = var.images.native
    robyn   = var.images.robyn
  }
}

output "images" {
  description = "Folder of the images to push."
  value       = local.image_folder
}

output "egress_address" {
  description = "The fixed address, for Snowflake's network policy."
  value       = var.static_egress ? google_compute_address.egress[0].address : null
}

output "deployer" {
  description = "What the pipeline of the repository signs in as."
  value = var.github_repository == null ? null : {
    provider = google_iam_workload_identity_pool_provider.github[0].name
    account  = google_service_account.deployer[0].email
  }
}
