"""What Limner's models are and how they are made, from drawn portraits to published weights."""
