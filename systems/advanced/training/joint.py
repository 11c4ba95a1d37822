"""Phase 3: the graph network and the model that reads its output, trained together.

A pretrained model gets its graph network here (see `linker.py`) and learns to read it; in the small
model the network is the encoder, and alignment of question and schema and the SQL written on it are
learnt at once. Lower rate than phase 1, no curriculum.
"""

from __future__ import annotations

from .linker import train_linker
from .loop import fit
from .teaching import lessons, taught
from .work import Work


def joint(work: Work) -> None:
    """The whole phase; without the component `gat` there is no graph network to train."""
    options = work.options
    if not options.use_schema_disambiguator:
        work.run.log("phase 3: left out, use_schema_disambiguator is false")
        return
    if chat := work.chat:
        train_linker(work, chat)
    steps, rate = options.phase3_steps, options.later_learning_rate
    fit(work, taught(work, 3, "joint", steps, rate, lambda: lessons(work)))
