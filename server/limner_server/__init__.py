"""The orchestrator: photos in over gRPC, tensor work out to Triton, pictures back."""
