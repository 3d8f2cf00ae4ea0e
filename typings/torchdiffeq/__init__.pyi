# torchdiffeq carries no types; these are the calls that this package makes of it.
from collections.abc import Callable

from torch import Tensor

def odeint(
    func: Callable[[Tensor, Tensor], Tensor], y0: Tensor, t: Tensor, *, rtol: float, atol: float, method: str
) -> Tensor: ...
def odeint_adjoint(
    func: Callable[[Tensor, Tensor], Tensor], y0: Tensor, t: Tensor, *, rtol: float, atol: float, method: str
) -> Tensor: ...
