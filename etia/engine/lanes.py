"""Vectors of 64 bytes for compiled loops: neighbouring numbers of an array, loaded, added and stored at one go.

A loop over a few dozen numbers is too short for the compiler to find that out by itself at no cost. Where a processor
has narrower vectors, several of its operations stand for one of these.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

__all__ = [
    "add",
    "below",
    "load",
    "multiply",
    "reaches",
    "running",
    "spread",
    "store",
    "subtract",
    "total",
    "unowned",
    "width",
]

_BYTES = 64


class _Lanes(types.Type):  # type: ignore[misc]
    """As many numbers of one type as go into a vector."""

    def __init__(self, number: Any) -> None:
        self.number = number
        self.count = _BYTES * 8 // number.bitwidth
        super().__init__(name=f"Lanes({number})")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    """A vector register."""

    def __init__(self, manager: Any, lanes: _Lanes) -> None:
        vector = ir.VectorType(manager[lanes.number].get_value_type(), lanes.count)
        super().__init__(manager, lanes, vector)  # type: ignore[no-untyped-call]


def _address(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    start = builder.gep(context.make_array(array_type)(context, builder, array).data, [at])
    return builder.bitcast(start, context.get_value_type(_Lanes(array_type.dtype)).as_pointer())


def _all_lanes(context: Any, builder: Any, lanes: _Lanes, value: Any) -> Any:
    """A vector all of whose numbers are `value`."""
    vector = context.get_value_type(lanes)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), [0] * lanes.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), places)


@intrinsic  # type: ignore[untyped-decorator]
def load(typingctx, array, at):  # type: ignore[no-untyped-def]  # noqa: ARG001 - numba calls it so
    """The numbers of a contiguous array from the unsigned index `at` on; all of them must lie inside it."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load(address, align=array.dtype.bitwidth // 8)

    return _Lanes(array.dtype)(array, types.uint64), code


@intrinsic  # type: ignore[untyped-decorator]
def store(typingctx, array, at, lanes):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Write numbers into a contiguous array from the unsigned index `at` on; all of them must lie inside it."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.uint64, lanes), code


@intrinsic  # type: ignore[untyped-decorator]
def add(typingctx, one, other):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Their sums, number by number."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.fadd(*arguments)

    return one(one, other), code


@intrinsic  # type: ignore[untyped-decorator]
def width(typingctx, array):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """How many of an array's numbers go into a vector: known when the loop is compiled."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return context.get_constant(types.uint64, _Lanes(array.dtype).count)

    return types.uint64(array), code


@intrinsic  # type: ignore[untyped-decorator]
def multiply(typingctx, one, other):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Their products, number by number."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.fmul(*arguments)

    return one(one, other), code


@intrinsic  # type: ignore[untyped-decorator]
def subtract(typingctx, one, other):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Their differences, number by number."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.fsub(*arguments)

    return one(one, other), code


@intrinsic  # type: ignore[untyped-decorator]
def reaches(typingctx, one, other):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Bits in an unsigned number, the first vector's first number lowest: set where it is at least the second's."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        at_least = builder.fcmp_ordered(">=", *arguments)
        bits = builder.bitcast(at_least, ir.IntType(one.count))
        return builder.zext(bits, ir.IntType(64))

    return types.uint64(one, other), code


@intrinsic  # type: ignore[untyped-decorator]
def below(typingctx, array, at, bound):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Bits in an unsigned number: set where the small unsigned numbers in 64 bytes from `at` on are below `bound`."""
    lanes = _Lanes(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        given, place, most = arguments
        address = _address(context, builder, signature.args[0], given, place)
        numbers = builder.load(address, align=array.dtype.bitwidth // 8)
        bounds = _all_lanes(context, builder, lanes, builder.trunc(most, context.get_value_type(array.dtype)))
        bits = builder.bitcast(builder.icmp_unsigned("<", numbers, bounds), ir.IntType(lanes.count))
        return builder.zext(bits, ir.IntType(64))

    return types.uint64(array, types.uint64, types.uint64), code


@intrinsic  # type: ignore[untyped-decorator]
def spread(typingctx, array, value):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """A vector of the array's type of numbers, all of them `value`."""
    lanes = _Lanes(array.dtype)

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return _all_lanes(context, builder, lanes, arguments[1])

    return lanes(array, array.dtype), code


@intrinsic  # type: ignore[untyped-decorator]
def total(typingctx, lanes):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The sum of a vector's numbers, halves added to halves."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        (sums,) = arguments
        count = lanes.count
        while count > 1:
            count //= 2
            one, other = (
                builder.shuffle_vector(sums, sums, ir.Constant(ir.VectorType(ir.IntType(32), count), places))
                for places in (list(range(count)), list(range(count, 2 * count)))
            )
            sums = builder.fadd(one, other)
        return builder.extract_element(sums, ir.IntType(32)(0))

    return lanes.number(lanes), code


@intrinsic  # type: ignore[untyped-decorator]
def running(typingctx, lanes):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Each number with all before it added to it."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        (sums,) = arguments
        none, shift = ir.Constant(sums.type, [0.0] * lanes.count), 1
        while shift < lanes.count:
            places = [max(lanes.count + i - shift, lanes.count - 1) for i in range(lanes.count)]
            moved = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), places)
            sums = builder.fadd(sums, builder.shuffle_vector(none, sums, moved))
            shift *= 2
        return sums

    return lanes(lanes), code


@intrinsic  # type: ignore[untyped-decorator]
def unowned(typingctx, array):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The same array without counting who holds it, which would cost more than a short loop; the caller holds it."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        found.meminfo = ir.Constant(found.meminfo.type, None)
        return found._getvalue()

    return array(array), code
