#!/usr/bin/env bash
# Runs deterministic systems and holds every question's score against its baseline.
#
#   bench/regression.sh [--update] [DATASET …]
#
# Without a dataset: mini, and mini-dev where it is imported and has a baseline. --update writes the
# baselines and says what changed. T2S_BASELINES: their folder (leaderboard/baselines). T2S_REPORTS:
# where comment.md and JUnit files go (none are kept without it). Exit code: the worst of the gates'
# (0 fine, 1 a regression, 2 not comparable). Baselines hold for one SQLite version.
set -euo pipefail
cd "$(dirname "$0")/.."

baselines=${T2S_BASELINES:-leaderboard/baselines}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
reports=${T2S_REPORTS:-$work/reports}
mkdir -p "$reports"
: > "$reports/comment.md"

update=
if [ "${1:-}" = --update ]; then
  update=1
  shift
fi
if [ $# = 0 ]; then
  set -- mini
  if [ -f "$baselines/mini-dev-altered.json" ] && t2s-bench datasets --json | grep -q '"name": "mini-dev"'; then
    set -- mini mini-dev
  fi
fi

worst=0
for dataset in "$@"; do
  for system in oracle altered; do
    run="$work/$dataset-$system"
    t2s-bench run "$system" --dataset "$dataset" --metrics ex,ex_spider,ex_spider_keep,ts \
      --out "$run" > "$work/log" || { cat "$work/log"; exit 2; }
    gate=(t2s-bench gate "$run" --baseline "$baselines/$dataset-$system.json")
    if [ -n "$update" ]; then
      "${gate[@]}" --update --tier 1
    else
      code=0
      "${gate[@]}" --md "$work/md" --junit "$reports/$dataset-$system.xml" || code=$?
      if [ -f "$work/md" ]; then cat "$work/md" >> "$reports/comment.md"; rm "$work/md"; fi
      if [ "$code" -gt "$worst" ]; then worst=$code; fi
    fi
  done
done
exit "$worst"
