"""Neural ODE integrated by the Dormand-Prince method with adaptive steps.

R. T. Q. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud: "Neural Ordinary Differential Equations",
NeurIPS 2018. The solver is written like the first releases of torchdiffeq.
"""

import collections

import torch
import torch.nn as nn

_ButcherTableau = collections.namedtuple("_ButcherTableau", "alpha beta c_sol c_error")
_RungeKuttaState = collections.namedtuple("_RungeKuttaState", "y1, f1, t0, t1, dt, interp_coeff")

_DORMAND_PRINCE_TABLEAU = _ButcherTableau(
    alpha=[1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0],
    beta=[
        [1 / 5],
        [3 / 40, 9 / 40],
        [44 / 45, -56 / 15, 32 / 9],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ],
    c_sol=[35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
    c_error=[
        35 / 384 - 1951 / 21600,
        0,
        500 / 1113 - 22642 / 50085,
        125 / 192 - 451 / 720,
        -2187 / 6784 - -12231 / 42400,
        11 / 84 - 649 / 6300,
        -1.0 / 60.0,
    ],
)
DPS_C_MID = [
    6025192743 / 30085553152 / 2,
    0,
    51252292925 / 65400821598 / 2,
    -2691868925 / 45128329728 / 2,
    187940372067 / 1594534317056 / 2,
    -1776094331 / 19743644256 / 2,
    11237099 / 235043384 / 2,
]


def _scaled_dot_product(scale, xs, ys):
    return sum([(scale * x) * y for x, y in zip(xs, ys)])


def _runge_kutta_step(func, y0, f0, t0, dt, tableau):
    k = [f0]
    for alpha_i, beta_i in zip(tableau.alpha, tableau.beta):
        ti = t0 + alpha_i * dt
        yi = y0 + _scaled_dot_product(dt, beta_i, k)
        k.append(func(ti, yi))
    if not (tableau.c_sol[-1] == 0 and tableau.c_sol[:-1] == tableau.beta[-1]):
        yi = y0 + _scaled_dot_product(dt, tableau.c_sol, k)
    y1 = yi
    f1 = k[-1]
    y1_error = _scaled_dot_product(dt, tableau.c_error, k)
    return y1, f1, y1_error, k


def _interp_fit(y0, y1, y_mid, f0, f1, dt):
    a = 2 * dt * (f1 - f0) - 8 * (y1 + y0) + 16 * y_mid
    b = dt * (5 * f0 - 3 * f1) + 18 * y0 + 14 * y1 - 32 * y_mid
    c = dt * (f1 - 4 * f0) - 11 * y0 - 5 * y1 + 16 * y_mid
    return [y0, dt * f0, c, b, a]


def _interp_evaluate(coefficients, t0, t1, t):
    assert (t0 <= t) & (t <= t1), "invalid interpolation, fails `t0 <= t <= t1`"
    x = (t - t0) / (t1 - t0)
    total = coefficients[0] + x * coefficients[1]
    x_power = x
    for coefficient in coefficients[2:]:
        x_power = x_power * x
        total = total + x_power * coefficient
    return total


def _compute_error_ratio(error_estimate, rtol, atol, y0, y1):
    error_tol = atol + rtol * torch.max(torch.abs(y0), torch.abs(y1))
    return torch.sqrt(torch.mean((error_estimate / error_tol) ** 2))


def _optimal_step_size(last_step, error_ratio, safety=0.9, ifactor=10.0, dfactor=0.2, order=5):
    if error_ratio == 0:
        return last_step * ifactor
    if error_ratio < 1:
        dfactor = 1.0
    exponent = torch.tensor(1 / order)
    factor = torch.max(
        torch.tensor(1 / ifactor),
        torch.min(error_ratio**exponent / safety, torch.tensor(1 / dfactor)),
    )
    return last_step / factor


class Dopri5Solver:
    def __init__(self, func, y0, rtol, atol, first_step=None, max_num_steps=40):
        self.func = func
        self.y0 = y0
        self.rtol = rtol
        self.atol = atol
        self.first_step = first_step
        self.max_num_steps = max_num_steps

    def before_integrate(self, t):
        f0 = self.func(t[0], self.y0)
        if self.first_step is None:
            first_step = self._select_initial_step(t[0], f0)
        else:
            first_step = torch.tensor(self.first_step)
        self.rk_state = _RungeKuttaState(self.y0, f0, t[0], t[0], first_step, [self.y0] * 5)

    def _select_initial_step(self, t0, f0):
        scale = self.atol + torch.abs(self.y0) * self.rtol
        d0 = (self.y0 / scale).norm() / self.y0.numel() ** 0.5
        d1 = (f0 / scale).norm() / self.y0.numel() ** 0.5
        if d0 < 1e-5 or d1 < 1e-5:
            h0 = torch.tensor(1e-6)
        else:
            h0 = 0.01 * d0 / d1
        y1 = self.y0 + h0 * f0
        f1 = self.func(t0 + h0, y1)
        d2 = ((f1 - f0) / scale).norm() / self.y0.numel() ** 0.5 / h0
        if d1 <= 1e-15 and d2 <= 1e-15:
            h1 = torch.max(torch.tensor(1e-6), h0 * 1e-3)
        else:
            h1 = (0.01 / max(d1, d2)) ** (1.0 / 5.0)
        return torch.min(100 * h0, h1)

    def advance(self, next_t):
        n_steps = 0
        while next_t > self.rk_state.t1:
            assert n_steps < self.max_num_steps, "max_num_steps exceeded"
            self.rk_state = self._adaptive_step(self.rk_state)
            n_steps += 1
        state = self.rk_state
        self.steps.append(n_steps)
        return _interp_evaluate(state.interp_coeff, state.t0, state.t1, next_t)

    def _adaptive_step(self, rk_state):
        y0, f0, _, t0, dt, interp_coeff = rk_state
        y1, f1, y1_error, k = _runge_kutta_step(
            self.func, y0, f0, t0, dt, tableau=_DORMAND_PRINCE_TABLEAU
        )
        error_ratio = _compute_error_ratio(y1_error, self.rtol, self.atol, y0, y1)
        accept_step = error_ratio <= 1
        if accept_step:
            y_mid = y0 + _scaled_dot_product(dt, DPS_C_MID, k)
            interp_coeff = _interp_fit(y0, y1, y_mid, f0, f1, dt)
        y_next = y1 if accept_step else y0
        f_next = f1 if accept_step else f0
        t_next = t0 + dt if accept_step else t0
        dt_next = _optimal_step_size(dt, error_ratio)
        return _RungeKuttaState(y_next, f_next, t0, t_next, dt_next, interp_coeff)

    def integrate(self, t):
        solution = [self.y0]
        self.steps = []
        self.before_integrate(t)
        for i in range(1, len(t)):
            solution.append(self.advance(t[i]))
        return torch.stack(solution)


def odeint(func, y0, t, rtol=1e-3, atol=1e-4, options=None):
    solver = Dopri5Solver(func, y0, rtol, atol, **(options or {}))
    solution = solver.integrate(t)
    return solution, solver.steps


class ODEFunc(nn.Module):
    def __init__(self, dim=8, hidden=24):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim + 1, hidden), nn.Tanh(), nn.Linear(hidden, dim))
        self.nfe = 0

    def forward(self, t, y):
        self.nfe += 1
        t = torch.ones(y.size(0), 1) * t
        return self.net(torch.cat([y, t], dim=1))


class ODENet(nn.Module):
    def __init__(self, dim=8, classes=3):
        super().__init__()
        self.odefunc = ODEFunc(dim)
        self.fc = nn.Linear(dim, classes)

    def forward(self, x, t):
        self.odefunc.nfe = 0
        solution, steps = odeint(self.odefunc, x, t)
        return self.fc(solution[-1]), solution, sum(steps), self.odefunc.nfe


def build():
    torch.manual_seed(0)
    model = ODENet()
    with torch.no_grad():
        weight = model.odefunc.net[2].weight
        weight.copy_((weight * 128).round() / 64)  # sums of these are exact, in any order
        for layer in (model.odefunc.net[0], model.odefunc.net[2]):
            layer.bias.zero_()
    return model.eval()


def inputs():
    """Return initial values and times: at rest, far apart, backwards, too large to change.

    The last values saturate all hidden units: each derivative is a sum of weights, without a
    rounding error. One unit changes its sign within the last step, whose error ratio is 1.
    """
    torch.manual_seed(1)
    t = torch.tensor([0.0, 1.0])
    calls = [(torch.randn(2, 8) * scale, t * s) for scale, s in [(1, 1), (3, 2), (0, 1), (0.1, 4)]]
    far = torch.tensor([0.0, 4000.0])
    calls += [(torch.randn(2, 8), far), (torch.randn(2, 8), t * 0), (torch.randn(2, 8), -t)]
    calls.append((torch.randn(2, 8) * 1e20, t))
    low = [2.68675452, -18.9929309, -8.0116558, 0.538940159]
    high = [12.4149233, -15.9191505, -13.1753335, -21.0461259]
    exact = torch.tensor([number * 1e18 for number in (*low, *high)])
    return [*calls, (exact.repeat(2, 1), t * 5e17)]
