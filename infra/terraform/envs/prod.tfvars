environment     = "prod"
region          = "europe-west1"
default_engine  = "robyn"
deploy_branches = ["main"]
protect         = true

retention_days = {
  uploads = 365
  runs    = 0
}
