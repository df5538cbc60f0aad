"""Jobs for tests: a TOML file and its data in a folder of their own."""

import gzip
import struct

import numpy as np

from compare.runner.task_loading import load_task_data
from tasks.interface import DataRequest, TaskReference

HOURS = 24


def waves(rows):
    """Two columns that repeat themselves after a day, the second one half a day later."""
    days = np.arange(rows) / HOURS
    return 100 + 10 * np.sin(2 * np.pi * days), np.cos(2 * np.pi * days)


def write_csv(path, **columns):
    """A table with these columns; one that ends in .gz is gzipped."""
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_waves(folder, rows=200, name="load.csv"):
    load, temperature = waves(rows)
    return write_csv(folder / name, load=load, temperature=temperature)


def write_job(folder, data='file = "load.csv"', model="", train="", more="", name="load"):
    """A job's file with these sections."""
    path = folder / f"{name}.toml"
    path.write_text(f"[data]\n{data}\n[model]\n{model}\n[train]\n{train}\n{more}\n")
    return path


def write_idx(path, array, kind=0x08):
    """An array of bytes in the IDX format; one that ends in .gz is gzipped."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    content = header + array.astype(">u1").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def opened(path, *changes):
    """A job's task and its data."""
    data = load_task_data(TaskReference(name=str(path), changes=changes), DataRequest())
    return data.task, data.dataset


def answering(answer):
    """A model that answers with this function of its inputs."""

    def predict(inputs, lengths=None):
        return answer(inputs).astype(np.float32)

    return predict
