"""Single operations of the processor on the bits of an unsigned number, for compiled loops."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["count_bits", "lowest_bit"]


@intrinsic  # type: ignore[untyped-decorator]
def lowest_bit(typingctx, word):  # type: ignore[no-untyped-def]  # noqa: ARG001 - numba calls it so
    """Number of the lowest bit that is set in a word that is not 0."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), code


@intrinsic  # type: ignore[untyped-decorator]
def count_bits(typingctx, word):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """How many bits are set."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), code
