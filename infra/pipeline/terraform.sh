#!/usr/bin/env bash
# Terraform as the pipeline runs it.
#   terraform.sh plan      show what would change
#   terraform.sh remember  note what is deployed now
#   terraform.sh apply     deploy build/mmmflow-*.zip and the two images
#   terraform.sh back      deploy what was noted
# Reads ENVIRONMENT, STATE_BUCKET, TFVARS (the team's own settings, as the
# text of a tfvars file), TF_VAR_project, NATIVE_IMAGE and ROBYN_IMAGE.
set -euo pipefail
cd "$(dirname "$0")/../terraform"
task=${1:?plan, remember, apply or back}
: "${ENVIRONMENT:?}" "${STATE_BUCKET:?}" "${TF_VAR_project:?}"

printf '%s\n' "${TFVARS:-}" > team.auto.tfvars
terraform init -input=false \
  -backend-config="bucket=$STATE_BUCKET" -backend-config="prefix=$ENVIRONMENT"

deploy() { # <archive> <native image> <robyn image> <terraform's task …>
  local archive=$1 native=$2 robyn=$3
  shift 3
  terraform "$@" -input=false -var-file="envs/$ENVIRONMENT.tfvars" \
    -var="archive=$archive" \
    -var="images={native=\"$native\",robyn=\"$robyn\"}"
}

new_archive() {
  local found=("$PWD"/../../build/mmmflow-*.zip)
  [ -f "${found[0]}" ] || { echo "no archive in build: make package" >&2; exit 1; }
  echo "${found[0]}"
}

case $task in
  plan)
    deploy "$(new_archive)" "${NATIVE_IMAGE:?}" "${ROBYN_IMAGE:?}" plan
    ;;
  remember)
    terraform output -json deployed > before.json || echo '{}' > before.json
    ;;
  apply)
    deploy "$(new_archive)" "${NATIVE_IMAGE:?}" "${ROBYN_IMAGE:?}" \
      apply -auto-approve
    ;;
  back)
    said() { python3 -c 'import json, sys
print(json.load(open("before.json")).get(sys.argv[1], ""))' "$1"; }
    archive=$(said archive)
    if [ -z "$archive" ]; then
      echo "nothing was deployed before: there is nothing to put back" >&2
      exit 0
    fi
    mkdir -p "$PWD/../../build/before"
    gcloud storage cp "$archive" "$PWD/../../build/before/"
    deploy "$PWD/../../build/before/$(basename "$archive")" \
      "$(said native)" "$(said robyn)" apply -auto-approve
    ;;
  *)
    echo "no such task: $task" >&2
    exit 2
    ;;
esac
