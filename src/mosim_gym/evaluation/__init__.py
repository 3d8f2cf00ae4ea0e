"""How well a model predicts and a policy acts, duck-typed on `step()`, `reset()` and `predict()`."""
