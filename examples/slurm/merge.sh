#!/bin/bash
# Joins the shards of array.sh, runs what needs all results, and writes the report into output/.
#SBATCH --job-name=reportgen-merge
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=01:00:00

reportgen merge parts/* --output output || [ $? = 3 ] || exit # 3: some configurations failed, which the report shows
reportgen build matrix.toml --output output --quiet
