#!/usr/bin/env bash
# Builds and pushes both workers' images; prints each by its digest.
#   images.sh <folder of the registry>
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:?the folder of the registry, as Terraform's output images gives it}

gcloud auth configure-docker "${folder%%/*}" --quiet >&2
tag=$(git rev-parse HEAD)
for engine in native robyn; do
  file=$([ "$engine" = native ] && echo py-worker/Dockerfile || echo r-worker/Dockerfile)
  docker buildx build --quiet --platform linux/amd64 --provenance=false \
    --file "$file" --tag "$folder/$engine:$tag" --push . >&2
  digest=$(docker buildx imagetools inspect "$folder/$engine:$tag" \
    --format '{{.Manifest.Digest}}')
  echo "$engine=$folder/$engine@$digest"
done
