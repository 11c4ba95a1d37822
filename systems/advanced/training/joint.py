"""Phase 3: the graph network and the model that reads its output, trained together.

The schema role's lessons are the alignment of question and schema, the SQL role's are what is
written on it; both change the graph network's weights, at a lower rate than phase 1, without a
curriculum.
"""

from __future__ import annotations

from .loop import fit
from .supervised import lessons, taught
from .work import Work


def joint(work: Work) -> None:
    """The whole phase; without the component `gat` there is no graph network to train."""
    options = work.options
    if not options.use_schema_disambiguator:
        work.run.log("phase 3: left out, use_schema_disambiguator is false")
        return
    steps, rate = options.phase3_steps, options.later_learning_rate
    fit(work, taught(work, 3, "joint", steps, rate, lambda: lessons(work)))
