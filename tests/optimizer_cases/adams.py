"""Rows of Adam and its relatives."""

from __future__ import annotations

from optimizer_cases.case import Case, case

ADAM = (
    case("adam", 0.02, {"epsilon": 1e-7}, torch=("Adam", {"eps": 1e-7}), optax=("adam", {"eps": 1e-7})),
    case("adam", 0.01, torch=("Adam", {}), optax=("adam", {})),
    case(
        "adam",
        0.02,
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.1},
        torch=("Adam", {"betas": (0.8, 0.95), "eps": 0.1}),
        optax=("adam", {"b1": 0.8, "b2": 0.95, "eps": 0.1}),
    ),
    case(
        "adam",
        0.01,
        {"epsilon_corrected": True, "epsilon": 1e-7},
        keras=("Adam", {}),
        kernel=("Adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}),
    ),
    case(
        "adam",
        0.02,
        {"epsilon_corrected": True, "beta_1": 0.7, "beta_2": 0.99, "epsilon": 0.1},
        keras=("Adam", {"beta_1": 0.7, "beta_2": 0.99, "epsilon": 0.1}),
        kernel=("Adam", {"beta1": 0.7, "beta2": 0.99, "epsilon": 0.1}),
    ),
    case("adamw", 0.02, torch=("AdamW", {}), optax=("adamw", {"weight_decay": 0.01})),
    case(
        "adamw",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "weight_decay": 0.5},
        torch=("AdamW", {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.5}),
        optax=("adamw", {"b1": 0.8, "b2": 0.99, "eps": 1e-3, "weight_decay": 0.5}),
    ),
    case(
        "adamw",
        0.01,
        {"epsilon_corrected": True, "epsilon": 1e-7, "weight_decay": 2**-8},
        keras=("AdamW", {"weight_decay": 2**-8}),
    ),
)

MAXIMA = (
    case("amsgrad", 0.02, torch=("Adam", {"amsgrad": True})),
    case(
        "amsgrad",
        0.05,
        {"beta_2": 0.9, "epsilon": 1e-3},
        torch=("Adam", {"amsgrad": True, "betas": (0.9, 0.9), "eps": 1e-3}),
    ),
    case("amsgrad", 0.02, {"correction": "before"}, optax=("amsgrad", {})),
    case(
        "amsgrad",
        0.05,
        {"correction": "before", "beta_1": 0.5, "beta_2": 0.9},
        optax=("amsgrad", {"b1": 0.5, "b2": 0.9}),
    ),
    case(
        "amsgrad",
        0.003,
        {"correction": "none"},
        optax=("amsgrad", {"bias_correction_mu": False, "bias_correction_nu": False}),
    ),
    case(
        "amsgrad",
        0.02,
        {"epsilon_corrected": True, "epsilon": 1e-7, "beta_2": 0.95},
        keras=("Adam", {"amsgrad": True, "beta_2": 0.95}),
    ),
    case("adamax", 0.05, torch=("Adamax", {}), optax=("adamax", {})),
    case(
        "adamax",
        0.003,
        {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.1},
        torch=("Adamax", {"betas": (0.8, 0.9), "eps": 0.1}),
        optax=("adamax", {"b1": 0.8, "b2": 0.9, "eps": 0.1}),
    ),
    case(
        "adamax",
        0.05,
        {"epsilon_inside": False, "epsilon": 1e-7},
        keras=("Adamax", {}),
        kernel=("AdaMax", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}),
    ),
    case(
        "adamax",
        0.003,
        {"epsilon_inside": False, "epsilon": 0.1, "beta_2": 0.9},
        keras=("Adamax", {"beta_2": 0.9, "epsilon": 0.1}),
    ),
)

RELATIVES = (
    case("nadam", 0.02, torch=("NAdam", {})),
    case(
        "nadam",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.99, "momentum_decay": 0.05},
        torch=("NAdam", {"betas": (0.8, 0.99), "momentum_decay": 0.05}),
    ),
    case("nadam", 0.02, {"momentum_decay": 1.0, "epsilon": 1e-7}, keras=("Nadam", {})),
    case("nadam", 0.02, {"warmed": False}, optax=("nadam", {})),
    case(
        "nadam",
        0.01,
        {"warmed": False, "beta_1": 0.7, "epsilon": 1e-3},
        optax=("nadam", {"b1": 0.7, "eps": 1e-3}),
    ),
    case("radam", 0.003, optax=("radam", {})),
    case("radam", 0.003, {"beta_2": 0.99, "epsilon": 1e-3}, optax=("radam", {"b2": 0.99, "eps": 1e-3})),
    case("radam", 0.003, {"epsilon_corrected": True}, torch=("RAdam", {})),
    case(
        "radam",
        0.003,
        {"epsilon_corrected": True, "beta_1": 0.8, "beta_2": 0.98, "epsilon": 1e-3},
        torch=("RAdam", {"betas": (0.8, 0.98), "eps": 1e-3}),
    ),
    case("adabelief", 0.02, optax=("adabelief", {}), pytorch_optimizer=("AdaBelief", {})),
    case(
        "adabelief",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "epsilon_root": 1e-6},
        optax=("adabelief", {"b1": 0.8, "b2": 0.99, "eps": 1e-3, "eps_root": 1e-6}),
    ),
    case("yogi", 0.02, optax=("yogi", {}), pytorch_optimizer=("Yogi", {})),
    case(
        "yogi",
        0.01,
        {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "initial_accumulator": 0.1},
        pytorch_optimizer=("Yogi", {"betas": (0.8, 0.9), "eps": 1e-4, "initial_accumulator": 0.1}),
    ),
)

CASES: tuple[Case, ...] = (*ADAM, *MAXIMA, *RELATIVES)
