"""How far each source that settles a difference is believed, beyond what the selection knows.

A source's probability p is that of its side being right where nothing else speaks for either. What
contradicts a finding keeps (1 − p) / p of its share, as Bayes would have it; a source that says no
more than the selection has said already, or is right no more often than a coin, changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from .probes import Source

# What settles a difference well beside the team's judgement may not do so without it.
SECTION, SOLO = "trust", "trust_solo"
# How often the probes chose a gold over one of its mutants (bench/clarifier_probes.py): on Spider's
# training databases, for evidence text on `mini`. A model's own errors are harder than mutants, so
# a checkpoint that was calibrated has its own figures.
DEFAULTS = {
    Source.HUMAN: 1.0,
    Source.EVIDENCE: 0.83,
    Source.DATABASE: 0.92,
    Source.QUESTION: 0.96,
    Source.SCHEMA: 0.93,
}
FITTED = (Source.EVIDENCE, Source.DATABASE, Source.QUESTION, Source.SCHEMA)
STEPS = 50
# Odds beyond this are as good as certain.
SURE = 8.0


@dataclass(frozen=True)
class Observation:
    """A finding on a validation question: whether its side was the right one.

    `odds` is the logarithm of its side's score against the other's in the selection before it.
    """

    source: Source
    right: bool
    odds: float = 0.0


@dataclass(frozen=True)
class Trust:
    """The probabilities by source, and on how many findings each was fitted (0: a default)."""

    shares: Mapping[Source, float] = field(default_factory=lambda: dict(DEFAULTS))
    findings: Mapping[Source, int] = field(default_factory=dict)

    @classmethod
    def fit(cls, observed: Iterable[Observation]) -> Trust:
        """From findings that could be judged: a logit a source, added to the selection's odds.

        Laplace's rule (one right and one wrong finding at even odds) keeps a handful of findings
        from making anybody sure; a source without any is not believed.

        >>> said = [Observation(Source.SCHEMA, True)] * 7 + [Observation(Source.SCHEMA, False)]
        >>> round(Trust.fit(said).shares[Source.SCHEMA], 3)
        0.8
        """
        seen: dict[Source, list[Observation]] = {one: [] for one in FITTED}
        for one in observed:
            if one.source in seen:
                seen[one.source].append(one)
        fitted = {source: _probability(_logit(found)) for source, found in seen.items()}
        return cls({**DEFAULTS, **fitted}, {source: len(found) for source, found in seen.items()})

    def kept(self, source: Source) -> float:
        """The factor that the share of what contradicts this source keeps."""
        share = self.shares[source]
        return min(1.0, (1 - share) / max(share, 1e-9))

    def save(self, folder: Path, section: str = SECTION) -> None:
        """Writes the fitted sources into the checkpoint's calibration file."""
        write_section(
            folder,
            section,
            {
                **{str(one): self.shares[one] for one in FITTED},
                "findings": {str(one): self.findings.get(one, 0) for one in FITTED},
            },
        )

    @classmethod
    def load(cls, folder: Path, section: str = SECTION) -> Trust:
        """The checkpoint's trust (`SOLO`: without the team), or the defaults."""
        found = read_section(folder, section)
        if found is None:
            return cls()
        said = found.get("findings")
        counts = (
            {one: int(said.get(str(one), 0)) for one in FITTED} if isinstance(said, dict) else {}
        )
        return cls({**DEFAULTS, **{one: number(found, str(one), folder) for one in FITTED}}, counts)


def _logit(found: Sequence[Observation]) -> float:
    """What is to be added to the odds, of the greatest likelihood; by Newton's steps."""
    cases = [(True, 0.0), (False, 0.0)]
    cases += [(one.right, max(-SURE, min(SURE, one.odds))) for one in found]
    logit = 0.0
    for _ in range(STEPS):
        shares = [_probability(logit + odds) for _, odds in cases]
        gradient = sum(right - share for (right, _), share in zip(cases, shares, strict=True))
        curvature = sum(share * (1 - share) for share in shares)
        step = max(-1.0, min(1.0, gradient / max(curvature, 1e-9)))
        logit += step
        if abs(step) < 1e-10:
            break
    return logit


def _probability(logit: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * logit))
