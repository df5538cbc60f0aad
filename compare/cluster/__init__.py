"""Blocks on the machines of a cluster, over dask.distributed."""
