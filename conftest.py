"""What every test of this repository may ask for."""
