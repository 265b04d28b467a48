"""PyTorch and optax optimizers: their own numbers, and those of reportgen's and Keras's under the same conventions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import catalogue

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")
optax = pytest.importorskip("optax", reason="optax is not installed: pip install 'optimizer-reportgen[optax]'")

pytestmark = pytest.mark.slow

RATES = (1e-4, 1e-3)
STARTS = [(-1.2, 1.0), (1.5, 2.0), (0.3, -0.8)]
STARTS_CONFIG = {"standard": False, "random": 0, "points": [list(start) for start in STARTS]}


def gradient(x: Any) -> Any:
    off = x[1] - x[0] * x[0]
    return np.array([-400 * (x[0] * off) - 2 * (1 - x[0]), 200 * off])


def own_torch(make: Any, start: Any, rate: float, steps: int) -> Any:
    x = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = make([x], rate)
    for _ in range(steps):
        x.grad = torch.from_numpy(gradient(x.detach().numpy()))
        optimizer.step()
    return x.detach().numpy()


def ends(name: str, steps: int = 60, base: Path = Path(), **config: Any) -> Any:
    settings = {"dtype": "float64", "starts": STARTS_CONFIG, "steps": steps, "base": base} | config
    return programs.run("rosenbrock", name, RATES, **settings).final_x


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax", "Rprop"])
def test_a_torch_optimizer_makes_its_own_steps(name: str) -> None:
    kind = getattr(torch.optim, name)
    wanted = [own_torch(lambda p, lr: kind(p, lr=lr), start, rate, 60) for rate in RATES for start in STARTS]
    np.testing.assert_allclose(ends(f"torch:{name}"), wanted, rtol=1e-12, atol=1e-14)


def test_arguments_of_torch_are_hyperparameters_and_tuples_are_taken_apart() -> None:
    wanted = [
        own_torch(lambda p, lr: torch.optim.AdamW(p, lr=lr, betas=(0.8, 0.99), maximize=True), start, rate, 60)
        for rate in RATES
        for start in STARTS
    ]
    found = ends("torch:AdamW[beta_1=0.8,beta_2=0.99,maximize=true]")
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


COUPLED = """
import torch

class Clipped(torch.optim.SGD):
    def step(self, closure=None):
        parameters = [p for group in self.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        return super().step(closure)

class Counting(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, dict(lr=lr))
        self.calls = 0
    def step(self, closure=None):
        self.calls += 1
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(p.grad, alpha=-group["lr"] * (0.1 if self.calls > 40 else 1.0))

class Noisy(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad.add_(torch.randn_like(p))
        return super().step(closure)

def picky(params, lr=0.1):
    return torch.optim.SGD([p for p in params if p.ndim == 1], lr=lr)

def clipped(params, lr=0.1, momentum=0.5):
    return torch.optim.SGD(params, lr=lr, momentum=momentum)
"""


@pytest.mark.parametrize("name", ["Clipped", "Counting", "clipped", "picky"])
def test_a_class_or_function_of_a_file_makes_its_own_steps_even_if_it_couples_parameters(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(COUPLED)
    namespace: dict[str, Any] = {}
    exec(COUPLED, namespace)
    wanted = [own_torch(lambda p, lr: namespace[name](p, lr=lr), start, rate, 60) for rate in RATES for start in STARTS]
    np.testing.assert_allclose(ends(f"mine.py:{name}", base=tmp_path), wanted, rtol=1e-12, atol=1e-14)


def test_a_torch_optimizer_that_draws_random_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(COUPLED)
    with pytest.raises(TypeError, match="two new objects of the optimizer make different steps"):
        ends("mine.py:Noisy", base=tmp_path)


def test_a_schedule_shapes_the_rate_of_both() -> None:
    ours = ends("gradient_descent[schedule=cosine]")
    for name in ("torch:SGD[schedule=cosine]", "optax:sgd[schedule=cosine]"):
        np.testing.assert_allclose(ends(name), ours, rtol=1e-10, err_msg=name)


MODES = """
import torch

class Averaged(torch.optim.SGD):
    'Schedule-free in the simplest form: trains at y, evaluates at the mean of all y.'
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.steps, self.mode = 0, "train"
    def step(self, closure=None):
        assert self.mode == "train"
        super().step(closure)
        self.steps += 1
        for p in self.param_groups[0]["params"]:
            mean = self.state[p].setdefault("mean", torch.zeros_like(p.data))
            mean += (p.data - mean) / self.steps
    def _swap(self, mode):
        if mode != self.mode:
            for p in (p for group in self.param_groups for p in group["params"] if "mean" in self.state[p]):
                kept = p.data.clone()
                p.data.copy_(self.state[p]["mean"])
                self.state[p]["mean"].copy_(kept)
        self.mode = mode
    def train(self):
        self._swap("train")
    def eval(self):
        self._swap("eval")
"""


def test_losses_count_in_evaluation_mode_and_gradients_are_taken_in_training_mode(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODES)
    wanted = []
    for rate in RATES:
        for start in STARTS:
            y, visited = np.array(start), []
            for _ in range(60):
                y = y - rate * gradient(y)
                visited.append(y)
            wanted.append(np.mean(visited, axis=0))
    np.testing.assert_allclose(ends("mine.py:Averaged", base=tmp_path), wanted, rtol=1e-10)


OPTAX = """
import optax

def mine(learning_rate, clip=1.0):
    return optax.chain(optax.clip_by_global_norm(clip), optax.adam(learning_rate))

fixed = optax.adam(0.1)
"""


def own_optax(make: Any, start: Any, rate: float, steps: int) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    transformation, x = make(rate), np.array(start)
    state = transformation.init(x)
    for _ in range(steps):
        updates, state = transformation.update(gradient(x), state, x)
        x = np.asarray(optax.apply_updates(x, updates))
    return x


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "lion", "lamb", "novograd"])
def test_an_optax_optimizer_makes_its_own_steps(name: str) -> None:
    make = getattr(optax, name)
    wanted = [own_optax(make, start, rate, 60) for rate in RATES for start in STARTS]
    np.testing.assert_allclose(ends(f"optax:{name}"), wanted, rtol=1e-9, atol=1e-12)


def test_a_function_of_a_file_is_an_optax_optimizer_and_a_finished_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OPTAX)
    namespace: dict[str, Any] = {}
    exec(OPTAX, namespace)
    wanted = [own_optax(lambda lr: namespace["mine"](lr, 0.5), start, rate, 60) for rate in RATES for start in STARTS]
    np.testing.assert_allclose(ends("mine.py:mine[clip=0.5]", base=tmp_path), wanted, rtol=1e-9, atol=1e-12)
    with pytest.raises(catalogue.BrokenPluginError, match="its learning rate is fixed: write a function"):
        catalogue.find_optimizer("mine.py:fixed", tmp_path)


IMPURE = {
    "random numbers in update": "gradient * (1 + numpy.random.normal())",
    "arrays of random numbers": "gradient + numpy.random.normal(size=2)",
    "random numbers of Python": "gradient * random.random()",
    "a counter": "gradient / next(counter)",
    "the time": "gradient * time.perf_counter_ns()",
}


@pytest.mark.parametrize("what", IMPURE)
def test_an_optax_optimizer_with_values_that_jax_would_freeze_is_refused(what: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import itertools, random, time\nimport numpy\nimport optax\n\ndef mine(learning_rate):\n"
        "    base, counter = optax.sgd(learning_rate), itertools.count(1)\n"
        "    def update(gradient, state, params=None):\n"
        f"        return base.update({IMPURE[what]}, state, params)\n"
        "    return optax.GradientTransformation(base.init, update)\n"
    )
    with pytest.raises(TypeError, match=r"update of the optimizer contains other numbers each time .*jax\.random"):
        ends("mine.py:mine", base=tmp_path)


def test_an_optax_state_that_begins_with_random_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy\nimport optax\n\ndef mine(learning_rate):\n    base = optax.trace(0.9)\n"
        "    noisy = lambda params: optax.TraceState(params * numpy.random.normal())\n"
        "    return optax.chain(optax.GradientTransformation(noisy, base.update), optax.scale(-learning_rate))\n"
    )
    with pytest.raises(TypeError, match="init of the optimizer contains other numbers each time"):
        ends("mine.py:mine", base=tmp_path)


REPRODUCIBLE = """
import jax
import optax

def scheduled(learning_rate):
    return optax.adam(optax.cosine_decay_schedule(learning_rate, 100))

def injected(learning_rate):
    return optax.inject_hyperparams(optax.sgd)(learning_rate, momentum=0.5)

def noisy(learning_rate):
    return optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), optax.sgd(learning_rate))
"""


REPEATABLE = ["optax:sgd[momentum=0.9]", "optax.contrib:muon", "mine.py:scheduled", "mine.py:injected", "mine.py:noisy"]


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_jax_can_repeat_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(REPRODUCIBLE)
    assert np.isfinite(ends(name, base=tmp_path)).all()


EXACT_RATES = (2.0**-13, 2.0**-10)
BETAS = "beta_1=0.875,beta_2=0.9921875"
EPSILON = 2.0**-60
DECAY = "weight_decay=0.0078125"
SAME = {
    "gradient_descent": ["keras:SGD", "optax:sgd", "torch:SGD"],
    "momentum[momentum=0.875]": [f"{name}[momentum=0.875]" for name in ("keras:SGD", "optax:sgd", "torch:SGD")],
    f"adam[{BETAS},epsilon={EPSILON}]": [
        f"keras:Adam[{BETAS},epsilon={EPSILON}]",
        f"optax:adam[b1=0.875,b2=0.9921875,eps={EPSILON}]",
        f"torch:Adam[{BETAS},eps={EPSILON}]",
    ],
    f"adamw[{BETAS},epsilon={EPSILON},{DECAY}]": [
        f"keras:AdamW[{BETAS},epsilon={EPSILON},{DECAY}]",
        f"optax:adamw[b1=0.875,b2=0.9921875,eps={EPSILON},{DECAY}]",
        f"torch:AdamW[{BETAS},eps={EPSILON},{DECAY}]",
    ],
    f"rmsprop[rho=0.875,epsilon={EPSILON}]": [
        f"optax:rmsprop[decay=0.875,eps={EPSILON},eps_in_sqrt=false]",
        f"torch:RMSprop[alpha=0.875,eps={EPSILON}]",
    ],
    f"adagrad[initial_accumulator=0.125,epsilon={EPSILON}]": [
        f"torch:Adagrad[initial_accumulator_value=0.125,eps={EPSILON}]",
    ],
}
"""Values that float32 holds exactly, because Keras rounds its arguments to float32."""


@pytest.mark.parametrize("loss", ["rosenbrock", "beale"])
@pytest.mark.parametrize("ours", SAME)
def test_the_frameworks_agree_under_the_same_conventions(ours: str, loss: str) -> None:
    settings: dict[str, Any] = {"dtype": "float64", "starts": {"random": 2}, "steps": 200}
    expected = programs.run(loss, ours, EXACT_RATES, **settings)
    finite = expected.columns["diverged_at"] == -1
    assert finite.sum() >= 4
    for name in SAME[ours]:
        found = programs.run(loss, name, EXACT_RATES, **settings).final_x[finite]
        np.testing.assert_allclose(found, expected.final_x[finite], rtol=1e-10, atol=1e-12, err_msg=name)


def test_what_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue.lookup.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(catalogue.UnknownNameError, match=r"install it with pip install 'optimizer-reportgen\[torch\]'"):
        catalogue.find_optimizer("torch:AdamW", Path())


def test_a_misspelt_name_is_reported() -> None:
    with pytest.raises(catalogue.UnknownNameError, match='Did you mean "AdamW"'):
        catalogue.find_optimizer("torch:AdmW", Path())
