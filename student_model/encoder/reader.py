"""The base encoder as it serves: texts to readings, with ONNX Runtime in eight bits and without torch.

Training takes its features from here too, so that what a forest and a head have learned from is what they will be
given in service.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from student_model.encoder.pairs import Pairs
from student_model.encoder.reading import LONGEST, reading
from student_model.encoder.similar import Reading

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MMAP_THRESHOLD, LARGE = -3, 2**19
"""`M_MMAP_THRESHOLD` of glibc's `mallopt`, and from how many bytes a block is large."""
ARENA_MAX = -8
"""`M_ARENA_MAX`: how many heaps the threads of a process have."""
Content = Callable[[], bytes]
"""Gives the content of a graph."""
Result = TypeVar("Result")
AT_ONCE = 100
"""Texts that are read side by side; fewer, as in service, one after the other."""
TOLD = 1000
"""Texts after which it is said how far the reading has come."""


class Reader:
    """Reads texts with the graph in a file.

    Args:
        path: of the graph: `tokens` and `mask` (B, T) to vectors (B, T, d). pairs: makes its rows.
        content: gives the graph in place of the file, see `Graph`.
    """

    def __init__(self, path: Path, pairs: Pairs, content: Content | None = None) -> None:
        self.path, self.pairs = path, pairs
        self._graph = Graph(content or path)

    def read(self, texts: Iterable[str], tell: Callable[[str], None] = lambda what: None) -> dict[str, Reading]:
        """The readings of texts, by text. Each is read alone: eight-bit activations share one scale a run, so that
        what is read beside a text would change what it means.
        """
        found: dict[str, Reading] = {}
        listed = list(dict.fromkeys(texts))
        for number in range(0, len(listed), AT_ONCE):
            if number % TOLD == 0:
                tell(f"reading texts, {number:,} of {len(listed):,}")
            some = listed[number : number + AT_ONCE]
            for text, vectors in zip(some, self._vectors(some), strict=True):
                found[text] = reading(self.pairs, text, vectors[0])
        return found

    def _vectors(self, texts: Sequence[str]) -> Iterable[NDArray[np.float32]]:
        """Of the tokens of each text, (1, T, d); of many texts by all cores, a text a core."""
        rows = [self.pairs.together([self.pairs.alone(text, LONGEST)]) for text in texts]
        given: list[dict[str, NDArray[np.generic]]] = [{"tokens": one.tokens, "mask": one.mask} for one in rows]
        if len(texts) < AT_ONCE:
            return map(self._graph.run, given)
        self._graph.opened()  # before the threads are, each of which would
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self._graph.run, given))

    def embed(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """A vector of length 1 for each text, (n, d)."""
        listed = list(texts)
        found = self.read(listed)
        return np.array([found[text].mean for text in listed])


class Graph:
    """An ONNX graph with one output, in a file or given by what is called for its content. Each process opens a session
    of its own: one does not survive a fork.
    """

    def __init__(self, source: Path | Content) -> None:
        self.source = source
        self._session: tuple[int, InferenceSession] | None = None

    def run(self, given: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """What the graph makes of its inputs, by name."""
        (found,) = self.opened().run(None, given)
        return np.asarray(found, dtype=np.float32)

    def opened(self) -> InferenceSession:
        """The session of this process."""
        held = self._session
        if held is None or held[0] != os.getpid():
            held = self._session = os.getpid(), session(self.source if isinstance(self.source, Path) else self.source())
        return held[1]


def begun(work: Callable[[], Result]) -> Callable[[], Result]:
    """Have something done in a thread of its own; what is returned waits for its result. ONNX Runtime holds no lock
    while it runs, so that a second core, where one is free, takes its time away. Where no thread can be had, it is done
    when it is waited for.
    """
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # it belongs to who waits for the result
            done.set_exception(error)

    try:
        Thread(target=run).start()
    except RuntimeError:
        return work
    return done.result


def session(graph: Path | bytes) -> InferenceSession:
    """A graph, in a file or its content, as it serves: on the processor, with one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # a service has one worker a core
    options.enable_cpu_mem_arena = False  # which keeps the largest answer's memory for good
    options.log_severity_level = 3
    given = str(graph) if isinstance(graph, Path) else graph
    found = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    found._model_bytes = None  # kept for falling back to other providers, of which there are none: 23 MB a graph
    return found


def spare_memory() -> None:
    """Have the allocator return what is large as soon as it is free, and make no further heaps for threads. By itself
    glibc learns from the longest answer to keep such blocks, 30 MB of them after 200 answers, and gives threads heaps
    of their own, 8 MB with what lies free in them (`benchmarks/grader_serving.py`); other allocators are left alone.
    For a process that serves: one that trains would ask the system for most of its tensors anew at each step.
    """
    with contextlib.suppress(OSError, AttributeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(MMAP_THRESHOLD, LARGE)
        allocator.mallopt(ARENA_MAX, 1)
