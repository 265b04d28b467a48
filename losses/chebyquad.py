"""Fletcher's Chebyquad in eight coordinates: the nodes of a quadrature rule that does not exist."""

from reportgen.loss import loss

NODES = (0.0431527601510166313, 0.193090840384186118, 0.266328706890272927)


@loss(
    minima=[(*NODES, 0.5, 0.5, *(1 - node for node in reversed(NODES)))],
    minimum=0.00351687372567793167,
    start=[i / 9 for i in range(1, 9)],
    domain=[(0.0, 1.0)] * 8,
    formula=r"\sum_{i=1}^{8} \left(\frac{1}{8} \sum_{j=1}^{8} T_i(2 x_j - 1) - \int_0^1 T_i(2u - 1)\,du\right)^2",
    source="Fletcher 1965; Moré, Garbow and Hillstrom 1981, problem 35 (with m = n = 8); domain: ours",
    note="The nodes can be permuted, so there are 20160 minimizers; the ordered one is listed. Outside (0, 1) the loss "
    "grows as the sixteenth power.",
    tags=("multimodal", "sum-of-squares"),
)
def chebyquad(x1, x2, x3, x4, x5, x6, x7, x8):
    nodes = [2 * each - 1 for each in (x1, x2, x3, x4, x5, x6, x7, x8)]
    before, now, total = [1.0] * 8, nodes, 0.0
    for i in range(1, 9):
        integral = 0.0 if i % 2 else -1 / (i * i - 1)
        residual = sum(now) / 8 - integral
        total = total + residual * residual
        before, now = now, [2 * (at * t) - s for at, t, s in zip(nodes, now, before, strict=True)]
    return total
