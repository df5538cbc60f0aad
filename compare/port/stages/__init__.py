"""What is compared, one stage after the other."""
