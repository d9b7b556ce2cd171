"""One module for each area of the catalogue; importing it registers its checks."""
