"""Rows of the optimizers that couple the coordinates, average or mix several steps, or need no learning rate."""

from __future__ import annotations

from optimizer_cases.case import Case, case

NORMS = (
    case("lamb", 3e-3, optax=("lamb", {}), keras=("Lamb", {"epsilon": 1e-6})),
    case("lamb", 0.01, {"epsilon": 1e-7}, optax=("lamb", {"eps": 1e-7}), keras=("Lamb", {})),
    case(
        "lamb",
        3e-3,
        {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1},
        optax=("lamb", {"b1": 0.8, "b2": 0.99, "eps": 1e-3, "weight_decay": 0.1}),
    ),
    case("lars", 1.0, optax=("lars", {}), pytorch_optimizer=("LARS", {})),
    case(
        "lars",
        3.0,
        {"momentum": 0.5, "trust": 0.002, "weight_decay": 0.1},
        pytorch_optimizer=("LARS", {"momentum": 0.5, "trust_coefficient": 0.002, "weight_decay": 0.1}),
    ),
    case("adafactor", 0.01, torch=("Adafactor", {}), keras=("Adafactor", {})),
    case(
        "adafactor",
        1e-3,
        {"decay": 0.5, "clip": 1.5, "epsilon_2": 0.5},
        torch=("Adafactor", {"beta2_decay": -0.5, "d": 1.5, "eps": (None, 0.5)}),
        keras=("Adafactor", {"beta_2_decay": -0.5, "clip_threshold": 1.5, "epsilon_2": 0.5}),
    ),
    case("adafactor", 0.01, {"epsilon_1": 0.1}, keras=("Adafactor", {"epsilon_1": 0.1})),
)

AVERAGES = (
    case("schedule_free_adamw", 0.05, optax=("schedule_free_adamw", {})),
    case(
        "schedule_free_adamw",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1},
        optax=("schedule_free_adamw", {"b1": 0.8, "b2": 0.99, "eps": 1e-3, "weight_decay": 0.1}),
    ),
    case("schedule_free_sgd", 1e-3, optax=("schedule_free_sgd", {})),
    case("schedule_free_sgd", 3e-4, {"beta": 0.5}, optax=("schedule_free_sgd", {"b1": 0.5})),
    case("asgd", 1e-3, torch=("ASGD", {"t0": 0.0})),
    case(
        "asgd",
        3e-4,
        {"decay": 0.01, "power": 0.5, "average_from": 20.0},
        torch=("ASGD", {"lambd": 0.01, "alpha": 0.5, "t0": 20.0}),
    ),
)

MOMENTA = (
    case("adan", 0.01, pytorch_optimizer=("Adan", {})),
    case(
        "adan",
        0.01,
        {"beta_1": 0.9, "beta_2": 0.8, "beta_3": 0.95, "epsilon": 1e-3, "weight_decay": 0.1},
        pytorch_optimizer=("Adan", {"betas": (0.9, 0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    ),
    case("ademamix", 0.02, optax=("ademamix", {}), pytorch_optimizer=("AdEMAMix", {})),
    case(
        "ademamix",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.99, "beta_3": 0.95, "alpha": 2.0, "epsilon": 1e-3},
        optax=("ademamix", {"b1": 0.8, "b2": 0.99, "b3": 0.95, "alpha": 2.0, "eps": 1e-3}),
        pytorch_optimizer=("AdEMAMix", {"betas": (0.8, 0.99, 0.95), "alpha": 2.0, "eps": 1e-3}),
    ),
    case("adopt", 0.05, optax=("adopt", {})),
    case("adopt", 0.01, {"beta_1": 0.8, "beta_2": 0.99}, optax=("adopt", {"b1": 0.8, "b2": 0.99})),
    case(
        "adopt",
        3e-3,
        {"epsilon": 1e-3, "clipped": False},
        optax=("adopt", {"eps": 1e-3, "use_clipping": False}),
        pytorch_optimizer=("ADOPT", {"eps": 1e-3, "clip_lambda": None}),
    ),
    case("qhm", 1e-3, pytorch_optimizer=("QHM", {"momentum": 0.999, "nu": 0.7})),
    case("qhm", 3e-3, {"beta": 0.9, "nu": 0.5}, pytorch_optimizer=("QHM", {"momentum": 0.9, "nu": 0.5})),
    case("aggmo", 1e-5, pytorch_optimizer=("AggMo", {"betas": (0.0, 0.9, 0.99)})),
    case("aggmo", 1e-3, {"velocities": 2, "damping": 0.5}, pytorch_optimizer=("AggMo", {"betas": (0.0, 0.5)})),
    case("madgrad", 1e-3, pytorch_optimizer=("MADGRAD", {})),
    case(
        "madgrad",
        3e-4,
        {"momentum": 0.95, "epsilon": 1e-3},
        pytorch_optimizer=("MADGRAD", {"momentum": 0.95, "eps": 1e-3}),
    ),
)

# One row for each minimum value: optax has to be told it.
POLYAK = (
    case(
        "polyak", 1e-3, losses=("rosenbrock", "beale", "rosenbrock[dim=3]"), optax=("polyak_sgd", {"variant": "sps+"})
    ),
    case("polyak", 0.01, losses=("beale",), optax=("polyak_sgd", {"variant": "sps+"})),
    case("polyak", 0.01, losses=("quartic",), optax=("polyak_sgd", {"variant": "sps+", "f_min": 1909 / 2048})),
    case("polyak", 0.1, losses=("quartic",), optax=("polyak_sgd", {"variant": "sps+", "f_min": 1909 / 2048})),
)

DISTANCES = (
    case("prodigy", 0.1, optax=("prodigy", {})),
    case("prodigy", 0.3, {"initial_distance": 1e-3}, optax=("prodigy", {"estim_lr0": 1e-3})),
    case(
        "prodigy",
        0.1,
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3, "initial_distance": 0.01, "growth": 0.5},
        optax=("prodigy", {"betas": (0.8, 0.95), "eps": 1e-3, "estim_lr0": 0.01, "estim_lr_coef": 0.5}),
    ),
    case("dog", 1.0, optax=("dog", {})),
    case(
        "dog",
        0.6,
        {"initial": 1e-3, "epsilon": 1.0},
        optax=("dog", {"init_step": ("heuristic", 1e-3), "eps": 1.0}),
    ),
)

_UNSEARCHED = {"max_iter": 1, "tolerance_grad": 0.0, "tolerance_change": 0.0}

# pytorch_optimizer limits m / h to p where the paper limits m / (gamma h) to 1: p is gamma, and rate and epsilon are
# divided by it.
CURVATURES = (
    case(
        "sophia",
        1e-3,
        pytorch_optimizer=("SophiaH", {"lr": 0.1, "p": 0.01, "eps": 1e-10, "betas": (0.96, 0.99)}),
    ),
    case(
        "sophia",
        0.01,
        {"beta_1": 0.9, "beta_2": 0.9, "gamma": 0.5, "epsilon": 1e-3, "k": 3},
        pytorch_optimizer=(
            "SophiaH",
            {"lr": 0.02, "p": 0.5, "eps": 2e-3, "betas": (0.9, 0.9), "update_period": 3},
        ),
    ),
    case("adahessian", 0.05, pytorch_optimizer=("AdaHessian", {"eps": 1e-4})),
    case(
        "adahessian",
        0.15,
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.5},
        pytorch_optimizer=("AdaHessian", {"betas": (0.8, 0.95), "eps": 0.5}),
    ),
    case("newton", 0.01, paper=("newton", {})),
    case(
        "newton",
        0.05,
        {"damping": 10.0},
        losses=("quartic", "rosenbrock", "rosenbrock[dim=3]"),
        paper=("newton", {"damping": 10.0}),
    ),
    case("newton", 1.0, losses=("quartic", "rosenbrock"), paper=("newton", {})),
    case("lbfgs", 0.01, torch=("LBFGS", {**_UNSEARCHED, "history_size": 10})),
    case("lbfgs", 0.01, {"history": 3}, torch=("LBFGS", {**_UNSEARCHED, "history_size": 3})),
    case("lbfgs", 1.0, losses=("quartic", "beale"), torch=("LBFGS", {**_UNSEARCHED, "history_size": 10})),
)

WRAPPERS = (
    case("sam", 1e-3, {"base": "gradient_descent"}, optax=("sam", {"base": ("sgd", {}), "rho": 0.05})),
    case("sam", 0.01, {"base": "adam", "rho": 0.2}, optax=("sam", {"base": ("adam", {}), "rho": 0.2})),
    case("clip", 3e-3, {"base": "gradient_descent"}, optax=("clip", {"base": ("sgd", {}), "norm": 1.0})),
    case(
        "clip",
        2e-4,
        {"base": "momentum", "norm": 50.0, "base.momentum": 0.8},
        optax=("clip", {"base": ("sgd", {"momentum": 0.8}), "norm": 50.0}),
    ),
    case(
        "lookahead",
        2e-4,
        {"base": "momentum"},
        optax=("lookahead", {"base": ("sgd", {"momentum": 0.9}), "k": 5, "alpha": 0.5}),
    ),
    case(
        "lookahead",
        0.02,
        {"base": "adam", "k": 3, "alpha": 0.8, "base.beta_2": 0.99},
        optax=("lookahead", {"base": ("adam", {"b2": 0.99}), "k": 3, "alpha": 0.8}),
    ),
    case(
        "lookahead",
        5e-4,
        {"base": "clip", "base.base": "momentum", "base.norm": 20.0},
        optax=(
            "lookahead",
            {"base": ("clip", {"base": ("sgd", {"momentum": 0.9}), "norm": 20.0}), "k": 5, "alpha": 0.5},
        ),
    ),
    case(
        "sam",
        5e-4,
        {"base": "clip", "base.base": "momentum", "base.norm": 20.0, "base.base.momentum": 0.5},
        optax=("sam", {"base": ("clip", {"base": ("sgd", {"momentum": 0.5}), "norm": 20.0}), "rho": 0.05}),
    ),
)

CASES: tuple[Case, ...] = (*NORMS, *AVERAGES, *MOMENTA, *POLYAK, *DISTANCES, *CURVATURES, *WRAPPERS)
