"""Training a system's model: `train` is `t2s-bench train`; `Trainer` is the contract."""

from t2s_bench.training.directory import Listener, TrainingRun
from t2s_bench.training.experiment import train
from t2s_bench.training.trainer import Request, Trainer

__all__ = ["Listener", "Request", "Trainer", "TrainingRun", "train"]
