"""What training minimizes: pure functions of tensors."""
