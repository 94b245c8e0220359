"""--on dask://...: a real scheduler with two worker processes gives the same bytes, though one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.errors import SimError
from sim.play.cluster import Cluster

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
TINY = Path(__file__).parents[1] / "tiny.yaml"
OVERS = ("--over", "stations.exit_control.staffing=1:8:1", "--over", "demand.car*=0.6:1.4:0.2", "--replications", "4",
         "--no-pictures")  # fmt: skip

LOCAL_CLUSTER = """
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        workers = " ".join(str(nanny.pid) for nanny in cluster.workers.values())
        print(cluster.scheduler_address.replace("tcp://", "dask://"), workers, flush=True)
        input()
"""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[tuple[str, list[int], int]]:
    """Start Dask's own cluster of this machine; yield its address and the ids of its two workers and its scheduler."""
    script = tmp_path / "local_cluster.py"
    script.write_text(LOCAL_CLUSTER)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    address, *workers = process.stdout.readline().split()
    try:
        yield address, [int(worker) for worker in workers], process.pid
    finally:
        process.communicate("\n", timeout=300)


def sweep(out: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", "sweep", str(TINY), *OVERS, "--out", str(out), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_worker_killed_half_way_changes_nothing(tmp_path: Path, local: tuple[str, list[int], int]) -> None:
    address, workers, _ = local
    assert len(workers) == 2
    process = sweep(tmp_path / "cluster", "--on", address)
    kept = tmp_path / "cluster" / "kept"
    while len(list(kept.glob("*.parquet"))) < 10 and process.poll() is None:
        time.sleep(0.005)
    os.kill(workers[0], signal.SIGKILL)
    assert process.poll() is None, "it was over before the worker could be killed"
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "40 points with 4 replications each; 160 replications played." in " ".join(out.split())
    here = sweep(tmp_path / "here", "--workers", "1")
    _, err = here.communicate()
    assert here.returncode == 0, err
    for name in ("sweep.parquet", "summary.csv", "failed.csv"):
        assert (tmp_path / "cluster" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_lost_scheduler_is_one_sentence_and_what_was_finished_is_kept(
    tmp_path: Path, local: tuple[str, list[int], int]
) -> None:
    address, _, scheduler = local
    process = sweep(tmp_path / "out", "--replications", "400", "--on", address)
    kept = tmp_path / "out" / "kept"
    while len(list(kept.glob("*.parquet"))) < 3 and process.poll() is None:
        time.sleep(0.01)
    os.kill(scheduler, signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith(f"{address}: the cluster was lost")
    assert err.endswith("finished results are kept\n")


@pytest.mark.slow
def test_no_scheduler_is_one_sentence(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from sim.play import cluster; cluster.PATIENCE = 1; from sim.cli import main; main()",
         "sweep", str(TINY), *OVERS, "--out", str(tmp_path / "out"), "--on", "dask://127.0.0.1:9"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith("dask://127.0.0.1:9: no scheduler with workers answers")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1:8786", "dask://host", "dask://host:abc", "dask://:8786", "dask://host:99999", "spark://host:1"],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(SimError, match="expected dask://HOST:PORT"):
        Cluster(len, address)


def test_without_dask_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SimError, match=r"pip install 'border-queues\[cluster\]'"), Cluster(len, "dask://x:1"):
        pass


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_stops_the_sweep(tmp_path: Path, local: tuple[str, list[int], int]) -> None:
    process = sweep(tmp_path / "out", "--replications", "200", "--on", local[0])
    while len(list((tmp_path / "out" / "kept").glob("*.parquet"))) < 3 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "replications are kept in" in err
    assert "Traceback" not in err
    assert len(list((tmp_path / "out" / "kept").glob("*.parquet"))) < 40
