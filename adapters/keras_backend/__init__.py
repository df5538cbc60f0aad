"""Keras 3 on TensorFlow, PyTorch and JAX: its own layers, optimizers and `train_on_batch`."""
