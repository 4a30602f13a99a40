"""Published networks brought into the registry: other people's weights, our contracts."""
