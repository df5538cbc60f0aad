"""A reference for accuracy: recipes, how they were chosen, and what adapters come to with them."""
