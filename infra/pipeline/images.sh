#!/usr/bin/env bash
# Builds and pushes both workers' images; prints each by its digest.
#   images.sh <folder of the registry>
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:?the folder of the registry: the output images of Terraform}

gcloud auth configure-docker "${folder%%/*}" --quiet >&2
tag=$(git rev-parse HEAD)

# R and Robyn take long to install and change seldom: an image of their own,
# named by what it is made of.
made_of=$(git ls-files -s r-worker/Dockerfile.base r-worker/image | sha256sum)
base="$folder/robyn-base:${made_of:0:16}"
if ! docker buildx imagetools inspect "$base" >/dev/null 2>&1; then
  docker buildx build --quiet --platform linux/amd64 --provenance=false \
    --file r-worker/Dockerfile.base --tag "$base" --push . >&2
fi
for engine in native robyn; do
  file=$([ "$engine" = native ] && echo py-worker/Dockerfile || echo r-worker/Dockerfile)
  docker buildx build --quiet --platform linux/amd64 --provenance=false \
    --build-arg "BASE=$base" --file "$file" --tag "$folder/$engine:$tag" --push . >&2
  digest=$(docker buildx imagetools inspect "$folder/$engine:$tag" \
    --format '{{.Manifest.Digest}}')
  echo "$engine=$folder/$engine@$digest"
done
