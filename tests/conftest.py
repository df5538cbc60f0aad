"""One thread for every library in this process, set before any is imported: these tests are not timed."""

import os

os.environ.update(
    dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
    ),
    TF_CPP_MIN_LOG_LEVEL="3",
)


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=4, help="how often tests/test_kills.py kills a run")
