"""`t2s-bench train advanced`: data, learner and rewards are put together, then the four phases.

The same code and options train the small model on one core and a pretrained one on many GPUs
(`accelerate launch -m t2s_bench.cli.app train advanced …`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from t2s_bench.system import Setup
from t2s_bench.training import Request, Trainer, TrainingRun

from .data import Data, read_data
from .options import COMPONENTS, TrainingOptions


class AdvancedTrainer(Trainer):
    """Four phases: curriculum, policy-guided, schema-aware, uncertainty."""

    Options: ClassVar[type] = TrainingOptions
    phases: ClassVar[tuple[str, ...]] = (
        "curriculum",
        "policy-guided",
        "schema-aware",
        "uncertainty",
    )
    options: TrainingOptions

    def __init__(self, options: object, setup: Setup) -> None:
        """Components that are off switch their option off."""
        assert isinstance(options, TrainingOptions)
        switches = {COMPONENTS[name]: False for name in setup.off if name in COMPONENTS}
        super().__init__(replace(options, **switches), setup)  # type: ignore[arg-type]

    def folder(self, name: str) -> Path:
        """`output_dir/experiment_name`."""
        return self.options.output_dir / self.options.experiment_name

    def plan(self, request: Request) -> Mapping[str, object]:
        """See `plan.py`."""
        import torch

        from .plan import make_plan
        from .precision import on_this_machine

        available = torch.cuda.device_count()
        wanted = self.options.num_gpus
        devices = available if wanted is None else wanted
        return make_plan(on_this_machine(self.options), request, devices)

    def train(self, run: TrainingRun) -> Mapping[str, object]:
        """See `Trainer.train`; the final model lies in `final_model/` with its calibration."""
        from .precision import NO_BFLOAT16, on_this_machine

        for line in self.options.shown().splitlines():
            run.log(line)
        possible = on_this_machine(self.options)
        if possible != self.options:
            run.log(NO_BFLOAT16)
            self.options = possible
        data = read_data(self.options, self.setup.seed, run.request.data)
        run.log(
            f"{len(data.train)} training questions, {len(data.development)} to measure progress, "
            f"{len(data.calibration)} to calibrate; {data.summary['leaking']} left out as leaks"
        )
        if run.request.data_only:
            return {"data": data.summary}
        report = {"data": data.summary, **self._train(run, data)}
        return {**report, **self._evaluated(run)}

    def _train(self, run: TrainingRun, data: Data) -> dict[str, object]:
        from accelerate.utils import set_seed  # type: ignore[import-untyped]

        from ..schema_graph.build import TaskMaker
        from .executors import executors
        from .learners import make_learner
        from .optimisation import Optimiser
        from .phases import run_phases, save_final
        from .rolling import use_server
        from .tracking import make_tracker
        from .work import Work

        options = self.options
        set_seed(self.setup.seed)
        makers = TaskMaker()
        tasks = {
            example.id: makers.task(example.question, example.database)
            for example in data.train
            if example.database is not None
        }
        learner = make_learner(options, tasks.values())
        use_server(learner, options, run.folder)
        with executors(options, run.request.workers) as opened:
            work = Work(
                options=options,
                seed=self.setup.seed,
                run=run,
                data=data,
                learner=learner,
                optimiser=Optimiser(learner, options, self.setup.seed),
                rewarder=opened.rewarder,
                scorer=opened.scorer,
                prober=opened.prober,
                make_task=makers.task,
                make_learner=partial(make_learner, options),
            )
            if run.main:
                work.report = make_tracker(options, run.folder)
            # The others look for checkpoints when the main process has made the folder ready.
            work.optimiser.accelerator.wait_for_everyone()
            reached = run_phases(work)
            save_final(work)
        makers.close()
        return {"ex": reached}

    def _evaluated(self, run: TrainingRun) -> dict[str, object]:
        """What the final model reaches as the system that `t2s-bench run` runs."""
        from t2s_bench.plugins import load_system
        from t2s_bench.training.final_evaluation import evaluate_final

        options = self.options
        complete = all(map(run.finished, range(1, len(self.phases) + 1)))
        if not run.main or not complete or options.final_questions == 0:
            return {}
        _free_memory()
        system = load_system(
            self.setup.folder,
            answering_options(run.final_model),
            seed=self.setup.seed,
            off=[name for name, option in COMPONENTS.items() if not getattr(options, option)],
        )
        # Synthetic questions that are made here name the benchmark whose databases they are about.
        trained_on = [name.split(":")[0] for name in (*options.datasets, *options.synthetic)]
        reached = evaluate_final(run, system, options.final_questions, trained_on)
        return {"evaluation": reached}


def answering_options(final_model: Path) -> dict[str, object]:
    """The options with which `t2s-bench run advanced` answers with a trained model."""
    from ..small_model.model import WORDS

    if (final_model / WORDS).is_file():
        return {"model": str(final_model)}
    return {"backend": "transformers", "model": str(final_model)}


def _free_memory() -> None:
    """The weights in training would stand beside those that answer."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
