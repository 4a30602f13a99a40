"""Other people's weights brought over to networks of ours: read as data, checked, stored anew."""
