#!/usr/bin/env bash
# Scores the published predictions of systems made elsewhere, and the ceiling and the floor, and
# submits them: everything in records/ that needs no model. Repeating it changes no file unless a
# verdict changes.
#
#   T2S_SHARED  folder with benchmarks/ and predictions/ (default: ../shared beside the checkout)
#   T2S_DATA    where benchmarks are imported to (default: the project's data/)
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${T2S_SHARED:-../shared}
data=${T2S_DATA:-data}
runs=${T2S_RUNS:-runs/published}

import() { # NAME ARCHIVE
    [ -d "$data/$1" ] || t2s-bench download "$1" --from "$shared/benchmarks/$2" --data "$data"
}

record() { # DATASET FILE METRICS NAME
    t2s-bench score "$2" --dataset "$1" --metrics "$3" --out "$runs/$1/$4" --data "$data" > /dev/null
    t2s-bench submit "$runs/$1/$4" --name "$4" --data "$data"
}

bound() { # DATASET SYSTEM METRICS
    t2s-bench run "$2" --dataset "$1" --metrics "$3" --fresh --out "$runs/$1/$2" --data "$data" > /dev/null
    t2s-bench submit "$runs/$1/$2" --data "$data"
}

import spider spider_data.zip
import mini-dev minidev.zip

for file in "$shared"/predictions/spider_dev/*.sql; do
    record spider-dev "$file" ex_spider,ex,em "$(basename "$file" .sql)"
done
bound spider-dev oracle ex_spider,ex,em

for file in "$shared"/predictions/bird_minidev/*_sqlite.json; do
    record mini-dev "$file" ex,soft_f1,ex_spider "$(basename "$file" _sqlite.json)"
done
bound mini-dev oracle ex,soft_f1,ex_spider

bound mini oracle ex,ex_spider,ts
bound mini nop ex,ex_spider,ts

t2s-bench leaderboard
