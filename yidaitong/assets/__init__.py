"""Building what pages need beside code: front-end files and translation catalogues."""
