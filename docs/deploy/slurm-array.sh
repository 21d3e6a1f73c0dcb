#!/bin/sh
# Eight shards as a Slurm array. Set the two places; then: sbatch slurm-array.sh
# Credentials of a bucket: the variables of the shell that calls `sbatch`, which hands them on unless it is given
# `--export=NONE`; or ~/.aws/credentials, if the nodes share the home folder.
#SBATCH --job-name=marsmedia
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --requeue
set -eu
raw=${MARSMEDIA_RAW:-/srv/mars/raw}
store=${MARSMEDIA_STORE:-/srv/mars/processed}  # on a disk that all nodes share, or s3://bucket/mars
exec marsmedia ingest "$raw" --store "$store" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --workers "$SLURM_CPUS_PER_TASK" --memory-mb 1500 --quiet
