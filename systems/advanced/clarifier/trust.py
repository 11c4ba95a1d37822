"""How far each source that settles a difference is believed: how likely its side is the right one.

What contradicts a finding keeps (1 − p) / p of its share, as Bayes would have it; a source that is
right no more often than a coin changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from .probes import Source

# What settles a difference well beside the team's judgement may not do so without it.
SECTION, SOLO = "trust", "trust_solo"
# How often the probes chose a gold over one of its mutants (bench/clarifier_probes.py): on Spider's
# training databases, for evidence text on `mini`. A model's own errors are harder than mutants, so
# a checkpoint that was calibrated has its own figures. The validator has already spoken in the
# selection: it only directs what is written again.
DEFAULTS = {
    Source.HUMAN: 1.0,
    Source.EVIDENCE: 0.83,
    Source.DATABASE: 0.92,
    Source.QUESTION: 0.96,
    Source.SCHEMA: 0.93,
    Source.VALIDATOR: 0.5,
}
FITTED = (Source.EVIDENCE, Source.DATABASE, Source.QUESTION, Source.SCHEMA)


@dataclass(frozen=True)
class Trust:
    """The probabilities by source, and on how many findings each was fitted (0: a default)."""

    shares: Mapping[Source, float] = field(default_factory=lambda: dict(DEFAULTS))
    findings: Mapping[Source, int] = field(default_factory=dict)

    @classmethod
    def fit(cls, observed: Iterable[tuple[Source, bool]]) -> Trust:
        """From findings on validation questions and whether their side was the right one.

        Laplace's rule keeps a handful of findings from making anybody sure; a source without any
        is not believed.
        """
        right = dict.fromkeys(FITTED, 0)
        count = dict.fromkeys(FITTED, 0)
        for source, was_right in observed:
            if source in count:
                count[source] += 1
                right[source] += was_right
        fitted = {one: (right[one] + 1) / (count[one] + 2) for one in FITTED}
        return cls({**DEFAULTS, **fitted}, count)

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
