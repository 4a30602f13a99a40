"""The studio's inner loops, compiled to machine code on their first call and kept on disk."""
