"""One thin servicer for each service: check, decode, run the pipeline, encode."""
