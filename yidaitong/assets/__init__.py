"""Front-end files: which versions, and how they get into the tree."""
