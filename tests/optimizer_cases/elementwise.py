"""Rows of the optimizers that follow gradient, momentum, or a mean of squares, each coordinate by itself."""

from __future__ import annotations

from optimizer_cases.case import Case, case

PLAIN = (
    case(
        "gradient_descent",
        1e-3,
        torch=("SGD", {}),
        optax=("sgd", {}),
        keras=("SGD", {}),
        kernel=("GradientDescent", {}),
    ),
    case("gradient_descent", 3e-4, torch=("SGD", {}), keras=("SGD", {}), kernel=("GradientDescent", {})),
)

MOMENTUM = (
    case(
        "momentum",
        2e-4,
        torch=("SGD", {"momentum": 0.9}),
        optax=("sgd", {"momentum": 0.9}),
        keras=("SGD", {"momentum": 0.9}),
        kernel=("KerasMomentum", {"momentum": 0.9}),
    ),
    case(
        "momentum",
        5e-4,
        {"momentum": 0.7},
        torch=("SGD", {"momentum": 0.7}),
        kernel=("Momentum", {"momentum": 0.7}),
    ),
    case(
        "momentum",
        5e-4,
        {"momentum": 0.8, "dampening": 0.5},
        torch=("SGD", {"momentum": 0.8, "dampening": 0.5}),
    ),
    case(
        "nesterov",
        2e-4,
        torch=("SGD", {"momentum": 0.9, "nesterov": True}),
        optax=("sgd", {"momentum": 0.9, "nesterov": True}),
        keras=("SGD", {"momentum": 0.9, "nesterov": True}),
        kernel=("KerasMomentum", {"momentum": 0.9, "use_nesterov": True}),
    ),
    case(
        "nesterov",
        5e-4,
        {"momentum": 0.5},
        torch=("SGD", {"momentum": 0.5, "nesterov": True}),
        kernel=("Momentum", {"momentum": 0.5, "use_nesterov": True}),
    ),
)

SQUARES = (
    case(
        "adagrad",
        0.1,
        torch=("Adagrad", {"initial_accumulator_value": 0.1, "eps": 1e-7}),
        kernel=("AdagradV2", {"accum": 0.1, "epsilon": 1e-7}),
    ),
    case(
        "adagrad",
        0.3,
        {"initial_accumulator": 0.0, "epsilon": 1e-10},
        torch=("Adagrad", {"eps": 1e-10}),
        kernel=("AdagradV2", {"epsilon": 1e-10}),
    ),
    case("adagrad", 0.03, {"epsilon": 0.5}, torch=("Adagrad", {"initial_accumulator_value": 0.1, "eps": 0.5})),
    case(
        "adagrad",
        0.1,
        {"epsilon_inside": True},
        optax=("adagrad", {"initial_accumulator_value": 0.1, "eps": 1e-7}),
        keras=("Adagrad", {}),
    ),
    case(
        "adagrad",
        0.03,
        {"epsilon_inside": True, "epsilon": 0.5, "initial_accumulator": 0.25},
        optax=("adagrad", {"initial_accumulator_value": 0.25, "eps": 0.5}),
        keras=("Adagrad", {"initial_accumulator_value": 0.25, "epsilon": 0.5}),
    ),
    case(
        "rmsprop",
        1e-3,
        torch=("RMSprop", {"alpha": 0.9, "eps": 1e-7}),
        optax=("rmsprop", {"decay": 0.9, "eps": 1e-7, "eps_in_sqrt": False}),
    ),
    case("rmsprop", 2e-3, {"rho": 0.99, "epsilon": 0.1}, torch=("RMSprop", {"alpha": 0.99, "eps": 0.1})),
    case(
        "rmsprop",
        3e-4,
        {"momentum": 0.8, "epsilon": 1e-3},
        torch=("RMSprop", {"alpha": 0.9, "eps": 1e-3, "momentum": 0.8}),
    ),
    case(
        "rmsprop",
        3e-4,
        {"momentum": 0.8, "epsilon_inside": True, "epsilon": 1e-3},
        keras=("RMSprop", {"momentum": 0.8, "epsilon": 1e-3}),
        kernel=("RMSProp", {"rho": 0.9, "momentum": 0.8, "epsilon": 1e-3}),
    ),
    case(
        "rmsprop",
        1e-3,
        {"centered": True, "rho": 0.95, "epsilon": 0.1},
        torch=("RMSprop", {"alpha": 0.95, "eps": 0.1, "centered": True}),
        optax=("rmsprop", {"decay": 0.95, "eps": 0.1, "centered": True, "eps_in_sqrt": False}),
    ),
    case(
        "rmsprop",
        1e-3,
        {"epsilon_inside": True},
        optax=("rmsprop", {"decay": 0.9, "eps": 1e-7}),
        keras=("RMSprop", {}),
        kernel=("RMSProp", {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
    ),
    case(
        "rmsprop",
        1e-3,
        {"epsilon_inside": True, "centered": True, "rho": 0.95, "epsilon": 0.01},
        optax=("rmsprop", {"decay": 0.95, "eps": 0.01, "centered": True}),
        keras=("RMSprop", {"rho": 0.95, "epsilon": 0.01, "centered": True}),
        kernel=("CenteredRMSProp", {"rho": 0.95, "momentum": 0.0, "epsilon": 0.01}),
    ),
    case(
        "adadelta",
        1.0,
        torch=("Adadelta", {"rho": 0.95, "eps": 1e-6}),
        optax=("adadelta", {"rho": 0.95, "eps": 1e-6}),
        keras=("Adadelta", {"rho": 0.95, "epsilon": 1e-6}),
        kernel=("Adadelta", {"rho": 0.95, "epsilon": 1e-6}),
    ),
    case(
        "adadelta",
        0.1,
        {"rho": 0.9, "epsilon": 1e-4},
        torch=("Adadelta", {"rho": 0.9, "eps": 1e-4}),
        keras=("Adadelta", {"rho": 0.9, "epsilon": 1e-4}),
    ),
    case(
        "ftrl",
        0.1,
        keras=("Ftrl", {}),
        kernel=("FtrlV2", {"accum": 0.1, "l1": 0.0, "l2": 0.0, "l2_shrinkage": 0.0, "lr_power": -0.5}),
    ),
    case(
        "ftrl",
        0.05,
        {"learning_rate_power": -0.7, "initial_accumulator": 0.5, "l1": 0.01, "l2": 0.02},
        keras=(
            "Ftrl",
            {
                "learning_rate_power": -0.7,
                "initial_accumulator_value": 0.5,
                "l1_regularization_strength": 0.01,
                "l2_regularization_strength": 0.02,
            },
        ),
        kernel=("Ftrl", {"accum": 0.5, "l1": 0.01, "l2": 0.02, "lr_power": -0.7}),
    ),
    case("ftrl", 0.05, {"beta": 1.0}, keras=("Ftrl", {"beta": 1.0})),
)

SIGNS = (
    case("signsgd", 0.01, optax=("sign_sgd", {}), pytorch_optimizer=("SignSGD", {"momentum": 0.0})),
    case("signsgd", 0.003, optax=("sign_sgd", {})),
    case("signum", 0.01, optax=("signum", {"beta": 0.9}), pytorch_optimizer=("SignSGD", {"momentum": 0.9})),
    case("signum", 0.003, {"beta": 0.7}, optax=("signum", {"beta": 0.7})),
    case(
        "lion",
        0.01,
        optax=("lion", {"weight_decay": 0.0}),
        keras=("Lion", {}),
        pytorch_optimizer=("Lion", {"betas": (0.9, 0.99)}),
    ),
    case(
        "lion",
        0.003,
        {"beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1},
        optax=("lion", {"b1": 0.8, "b2": 0.9, "weight_decay": 0.1}),
        pytorch_optimizer=("Lion", {"betas": (0.8, 0.9), "weight_decay": 0.1}),
    ),
    case("rprop", 5e-4, torch=("Rprop", {})),
    case(
        "rprop",
        0.001,
        {"shrink": 0.3, "grow": 1.1, "smallest": 1e-4, "largest": 0.02},
        torch=("Rprop", {"etas": (0.3, 1.1), "step_sizes": (1e-4, 0.02)}),
    ),
)

CASES: tuple[Case, ...] = (*PLAIN, *MOMENTUM, *SQUARES, *SIGNS)
