#!/bin/bash
# Runs matrix.toml on a few machines that share this folder, then writes the report:   ./run.sh host1 host2 host3
# A machine that fails is named at the end. Run the same command again: it runs only what is missing.
cd "$(dirname "$0")" || exit
count=$#
number=0
for host in "$@"; do
  number=$((number + 1))
  ssh "$host" "cd '$PWD' && reportgen run matrix.toml --shard $number/$count --output parts/$number --quiet" &
done
wait
reportgen merge parts/* --output output || [ $? = 3 ] || exit # 3: some configurations failed, which the report shows
reportgen build matrix.toml --output output
