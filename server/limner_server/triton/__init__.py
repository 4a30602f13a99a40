"""The one door to Triton: its process, its calls, its errors in our words."""
