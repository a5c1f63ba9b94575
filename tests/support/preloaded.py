"""What a kernel loads while it starts and warms up, loaded by the server of the tests' kernels (`server_of_kernels`)."""

import torch

from engine.kernel.warming import warm_optimizer

warm_optimizer()
_empty = torch.empty(2, 3, device="meta", dtype=torch.float64)
torch.nn.functional.linear(_empty * _empty, _empty)
