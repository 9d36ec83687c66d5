"""Every lock of the product, and the proof that a test fails when it is taken away."""
