"""The camel functions: polynomials in two coordinates with three and with six humps."""

from reportgen.loss import loss


@loss(
    title="Three-hump camel",
    minima=[(0.0, 0.0)],
    minimum=0.0,
    local_minima=[(1.7475523458302889, -0.87377617291514445), (-1.7475523458302889, 0.87377617291514445)],
    saddles=[(1.0705422918236600, -0.53527114591182999), (-1.0705422918236600, 0.53527114591182999)],
    start=(-1.9, 1.9),
    domain=[(-2.0, 2.0), (-2.0, 2.0)],
    formula=r"2x^2 - 1.05\,x^4 + \frac{x^6}{6} + xy + y^2",
    source="Branin 1972; start: ours",
    tags=("multimodal", "saddle"),
    note="Two local minima of 0.2986 lie next to the global one. Beyond |x| = 2 the sixth power throws large steps far "
    "out.",
    aliases=("camel_3",),
)
def three_hump_camel(x, y):
    x2 = x * x
    return x2 * (2 + x2 * (x2 / 6 - 1.05)) + y * (x + y)


@loss(
    title="Six-hump camel",
    minima=[(0.089842013100318062, -0.71265640302073963), (-0.089842013100318062, 0.71265640302073963)],
    minimum=-1.0316284534898774,
    local_minima=[
        (1.7036067149699809, -0.79608356867262512),
        (-1.7036067149699809, 0.79608356867262512),
        (1.6071047529201972, 0.56865145488413137),
        (-1.6071047529201972, -0.56865145488413137),
    ],
    saddles=[
        (0.0, 0.0),
        (1.1092053368047865, -0.76826809250953984),
        (-1.1092053368047865, 0.76826809250953984),
        (1.6380679841897786, 0.22867406904439407),
        (-1.6380679841897786, -0.22867406904439407),
        (1.2960702671671092, 0.60508438803865850),
        (-1.2960702671671092, -0.60508438803865850),
    ],
    start=(1.1, 1.1),
    domain=[(-2.0, 2.0), (-1.0, 1.0)],
    formula=r"\left(4 - 2.1\,x^2 + \frac{x^4}{3}\right) x^2 + xy + (4y^2 - 4)\,y^2",
    source="Dixon and Szegő 1978; start: ours",
    tags=("multimodal", "saddle"),
    note="Two of its six minima are global. Their value is negative, and float32 rounding can give values about 1e-7 "
    "below it.",
    aliases=("camel_6",),
)
def six_hump_camel(x, y):
    x2, y2 = x * x, y * y
    return x2 * (4 + x2 * (x2 / 3 - 2.1)) + x * y + (4 * y2 - 4) * y2
