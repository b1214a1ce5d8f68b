environment     = "dev"
region          = "europe-west1"
default_engine  = "native"
deploy_branches = ["dev", "feat-*"]
protect         = false

retention_days = {
  uploads = 30
  runs    = 90
}
