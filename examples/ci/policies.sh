#!/bin/sh
# Writes the policies of the role that pull requests' jobs assume: what payctl needs for any environment whose suffix
# begins with pr-, and nothing more, into the folder $1, which has to be empty or missing. What follows is handed to
# payctl, such as `--stack secure-api`, or `--account 123456789012 --region us-east-1` where there are no credentials.
#
#   examples/ci/policies.sh policies --region us-east-1
set -eu
folder=$1
shift
# One environment stands for all: its suffix is in every name and tag that the policies know.
payctl policy --suffix pr-0000 --split "$folder" "$@"
for file in "$folder"/*.json; do
    sed -e 's/pr-0000/pr-*/g' -e 's/"StringEquals"/"StringLike"/g' "$file" > "$file.new"
    mv "$file.new" "$file"
done
