# Recipes for contributors; `just` alone checks and tests. Uses the virtual environment's programs.
export PATH := justfile_directory() / ".venv/bin:" + env_var("PATH")

default: check test

# Lint, format and types.
check:
    ruff check .
    ruff format --check .
    mypy

# The tests; arguments go to pytest.
test *arguments:
    pytest -n auto {{arguments}}

# All but the slowest tests.
quick:
    pytest -n auto -m "not slow and not servers"

# Rebuild the embedded benchmark from its sources and check it.
mini:
    python data/mini/build.py
    python data/mini/mutants.py

# The README's first command, in a throw-away run directory.
smoke:
    t2s-bench run oracle --limit 20 --out "$(mktemp -d)/run"

# Hold deterministic systems against their baselines; --update accepts what changed.
regression *arguments:
    bash bench/regression.sh {{arguments}}

# How fast scoring is against raw SQLite, and that a busy machine changes no verdict.
bench-scoring *arguments:
    python bench/scoring.py {{arguments}}
    python bench/load.py

# Every benchmark of the harness: executor, comparators, scoring, statistics, values (minutes).
bench: bench-scoring
    python bench/execution.py
    python bench/comparators.py
    python bench/stepping.py
    python bench/paired_statistics.py
    python bench/values.py speed
