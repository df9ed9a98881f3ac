"""How much reaches a node along all chains without a repeated node: the sums, exact or sampled.

Plain arrays in and out; `structure.chain_impacts` is what to call. Compiled, because chains are many: 15 nodes that
are all joined have 3.5e12 of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["all_chains", "chain_sums", "subset_sums", "walk_sums"]

Array = NDArray[np.float64]


@njit(cache=True)
def _neighbours(relative: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The targets of every node one after the other, and where each node's begin: most webs are thin."""
    n = relative.shape[0]
    starts = np.zeros(n + 1, dtype=np.int64)
    for source in range(n):
        starts[source + 1] = starts[source] + np.count_nonzero(relative[source])
    targets = np.zeros(starts[n], dtype=np.int64)
    for source in range(n):
        targets[starts[source] : starts[source + 1]] = np.nonzero(relative[source])[0]
    return targets, starts


@njit(cache=True)
def chain_sums(relative: Array, threshold: float, budget: int) -> tuple[Array, int]:
    """Sums over all chains by depth-first search: (sums, number of chains counted), −1 chains past the budget.

    A branch ends where the absolute value of its product falls below the threshold; the chain that fell is not
    counted. `relative` and the sums have shape (source, target).
    """
    n = relative.shape[0]
    targets, starts = _neighbours(relative)
    sums = np.zeros((n, n))
    visited = np.zeros(n, dtype=np.bool_)
    node = np.zeros(n + 1, dtype=np.int64)
    product = np.zeros(n + 1)
    following = np.zeros(n + 1, dtype=np.int64)
    n_chains = 0
    for source in range(n):
        depth = 0
        node[0], product[0], following[0] = source, 1.0, starts[source]
        visited[source] = True
        while depth >= 0:
            here = node[depth]
            place = following[depth]
            if place == starts[here + 1]:
                visited[here] = False
                depth -= 1
                continue
            following[depth] = place + 1
            target = targets[place]
            if visited[target]:
                continue
            value = product[depth] * relative[here, target]
            if abs(value) < threshold:
                continue
            sums[source, target] += value
            n_chains += 1
            if n_chains > budget:
                return sums, -1
            depth += 1
            node[depth], product[depth], following[depth] = target, value, starts[target]
            visited[target] = True
    return sums, n_chains


@njit(cache=True)
def subset_sums(relative: Array) -> Array:
    """The same sums without a threshold, by subsets of visited nodes: n · 2ⁿ · n steps whatever the density.

    f[S, v] is the sum over chains from the source that have visited exactly S and stand at v.
    """
    n = relative.shape[0]
    sums = np.zeros((n, n))
    reached = np.zeros((1 << n, n))
    for source in range(n):
        reached[:] = 0.0
        reached[1 << source, source] = 1.0
        for subset in range(1 << source, 1 << n):
            if not subset >> source & 1:
                continue
            for here in range(n):
                value = reached[subset, here]
                if value == 0.0:
                    continue
                if here != source:
                    sums[source, here] += value
                for target in range(n):
                    if not subset >> target & 1:
                        reached[subset | 1 << target, target] += value * relative[here, target]
    return sums


@njit(cache=True)
def _uniform(seed: np.uint64, source: int, walk: int, step: int) -> float:
    """A number in [0, 1) from counters alone (the finaliser of splitmix64, twice over)."""
    x = seed ^ (np.uint64(source + 1) * np.uint64(0x9E3779B97F4A7C15))
    x ^= np.uint64(walk + 1) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= np.uint64(step + 1) * np.uint64(0x94D049BB133111EB)
    for _ in range(2):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return float(x >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True)
def walk_sums(relative: Array, threshold: float, above: float, n_walks: int, seed: np.uint64) -> tuple[Array, Array]:
    """Sums over the chains whose |product| is below `above`, estimated by random walks: (estimates, standard errors).

    From each node the walk goes on to one that is open (not visited, product not below the threshold) with a
    probability in proportion to the strength, and each node it comes to counts with its product over the
    probability of having come there. So the estimate has no bias, whatever the matrix.
    """
    n = relative.shape[0]
    targets, starts = _neighbours(relative)
    totals = np.zeros((n, n))
    squares = np.zeros((n, n))
    visited = np.zeros(n, dtype=np.int64)
    mark = 0
    for source in range(n):
        for walk in range(n_walks):
            mark += 1
            visited[source] = mark
            here, product, weight = source, 1.0, 1.0
            for step in range(n):
                room = 0.0
                for place in range(starts[here], starts[here + 1]):
                    strength = abs(relative[here, targets[place]])
                    if visited[targets[place]] != mark and abs(product) * strength >= threshold:
                        room += strength
                if room == 0.0:
                    break
                left = _uniform(seed, source, walk, step) * room
                chosen = -1
                for place in range(starts[here], starts[here + 1]):
                    strength = abs(relative[here, targets[place]])
                    if visited[targets[place]] != mark and abs(product) * strength >= threshold:
                        chosen = targets[place]
                        left -= strength
                        if left < 0.0:
                            break
                weight *= room / abs(relative[here, chosen])
                product *= relative[here, chosen]
                if abs(product) < above:
                    totals[source, chosen] += weight * product
                    squares[source, chosen] += (weight * product) ** 2
                visited[chosen] = mark
                here = chosen
    means = totals / n_walks
    variances = np.maximum(squares / n_walks - means * means, 0.0) * n_walks / max(n_walks - 1, 1)
    return means, np.sqrt(variances / n_walks)


def all_chains(relative: Array) -> Array | None:
    """The sums without a threshold where no node reaches itself, from R + R² + …; None where there is a loop."""
    n = len(relative)
    joined = (relative != 0).astype(np.float64)
    reach = joined.copy()
    for _ in range(n):
        reach = ((reach @ joined + joined) > 0).astype(np.float64)
    if np.trace(reach) > 0:
        return None
    sums = np.zeros_like(relative)
    power = relative.copy()
    while np.any(power):
        sums += power
        power = power @ relative
    return sums
