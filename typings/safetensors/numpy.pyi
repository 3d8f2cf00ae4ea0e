# Complete but for the functions that this package does not call.
from collections.abc import Mapping
from os import PathLike

import numpy as np

def save(tensor_dict: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes: ...
def save_file(
    tensor_dict: Mapping[str, np.ndarray], filename: str | PathLike[str], metadata: Mapping[str, str] | None = None
) -> None: ...
