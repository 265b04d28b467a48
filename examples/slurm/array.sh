#!/bin/bash
# Runs matrix.toml as a Slurm array of 16 shards:   jobs=$(sbatch --parsable array.sh)
# and joins them when all have ended:               sbatch --dependency="afterany:$jobs" merge.sh
#SBATCH --job-name=reportgen
#SBATCH --array=1-16
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=01:00:00

# 16 stands here again, because an array that repeats some shards (--array=3,7) has another length.
reportgen run matrix.toml --shard "$SLURM_ARRAY_TASK_ID/16" --output "parts/$SLURM_ARRAY_TASK_ID" --quiet
