"""How well a model predicts and a policy acts: returns, plots and videos. Everything here is duck-typed on `step()`, `reset()` and `predict()`."""
