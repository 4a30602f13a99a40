"""Which model serves: versions in MLflow, folders for Triton, and the contracts both keep."""
