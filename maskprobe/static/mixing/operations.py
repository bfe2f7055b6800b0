"""Operations on tensors that put values together: value by value, by sums over axes, by products.

Mirrors Keras 3.15.1: keras/src/ops/numpy.py, math.py, nn.py, core.py; TensorFlow's functions under their own names
(`reduce_mean` is `reducemean`) and arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.static.mixing.arrays import (
    Account,
    Moved,
    UnknownMixingError,
    any_over,
    axes_of,
    axis_of,
    full,
    moved_at,
    setting,
    still,
    union,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.pointwise import laid_out

_MATRIX = 2


def all_moved(call: MixedCall, moved: Sequence[Moved]) -> list[BoolArray]:
    """Which positions move, for each input."""
    return [moved_at(call, moved, place) for place in range(len(moved))]


def value_by_value(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A value moves if any of those it is made of does, broadcast as NumPy does."""
    if not moved:
        raise UnknownMixingError("it reads no tensor")
    rank = len(call.outputs[0])
    return (_raised(union(all_moved(call, moved)), rank),)


def _raised(one: BoolArray, rank: int) -> BoolArray:
    return one if one.ndim >= rank else one.reshape((1,) * (rank - one.ndim) + one.shape)


def product(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Value by value; what is multiplied by zero does not move, so that all that stays must be known.

    Smaller and larger of two are taken so as well: a mask in numbers may win at some steps and lose at others.
    """
    zeroes = call.class_name in {"multiply", "mul"}
    found = all_moved(call, moved)
    for place, one in enumerate(call.inputs):
        if one.moves:
            continue
        if one.values is None or not zeroes:
            raise UnknownMixingError("it depends on values that are not known")
        kept = one.values != 0
        found = [part if at == place else part & kept for at, part in enumerate(found)]
    return (_raised(union(found), len(call.outputs[0])),)


def chosen(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`where(condition, x, y)`, with numbers for tensors perhaps."""
    names = [one.name for one in call.inputs]
    if not names or call.inputs[0].values is None or call.inputs[0].dtype != "bool":
        raise UnknownMixingError("its condition is not known")
    condition = np.asarray(call.inputs[0].values, np.bool_)
    parts = all_moved(call, moved)[1:]
    if len(parts) == 2:  # noqa: PLR2004 - both are tensors
        return (_raised(np.where(condition, *parts), len(call.outputs[0])),)
    if len(parts) != 1:
        raise UnknownMixingError("what it chooses from is not known")
    taken = condition if _is_first(call) else ~condition
    return (_raised(parts[0] & taken, len(call.outputs[0])),)


def _is_first(call: MixedCall) -> bool:
    """Whether the one tensor to choose from stands for true; the number beside it has another name or place."""
    stated = {name for name, value in call.keywords.items() if value is not None}
    if stated & {"y", "x2", "2"}:
        return True
    if stated & {"x", "x1", "1"}:
        return False
    raise UnknownMixingError("what it chooses from is not known")


def reduction(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Sums, means, largest values and the like over some axes."""
    one = moved_at(call, moved)
    axes = axes_of(setting(call, "axis", "axes", "reduction_indices", "1", default=None), one.ndim)
    one = any_over(one, axes)
    keeps = setting(call, "keepdims", "keep_dims", default=False)
    return tuple(one if keeps else one.squeeze(axis=axes) for _ in call.outputs)


def along(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """All that lies along an axis, or several, moves together: softmax, sorting, normalizing."""
    one = moved_at(call, moved)
    axes = axes_of(setting(call, "axis", "dim", "1", default=-1), one.ndim)
    return tuple(any_over(one, axes) for _ in call.outputs)


def running(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Running sums and products along an axis."""
    one = moved_at(call, moved)
    axis = axis_of(setting(call, "axis", "1", default=0 if call.generation < 3 else None), one.ndim)  # noqa: PLR2004
    if setting(call, "exclusive", default=False):
        raise UnknownMixingError("it leaves out the value itself")
    wide = full(
        one, tuple(call.inputs[0].shape[place] if place == axis else size for place, size in enumerate(one.shape))
    )
    if setting(call, "reverse", default=False):
        return (np.flip(np.logical_or.accumulate(np.flip(wide, axis), axis=axis), axis),)
    return (np.logical_or.accumulate(wide, axis=axis),)


def matmul(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A product of matrices: a value moves if any in its row of the first or its column of the second does."""
    parts = all_moved(call, moved)
    if len(parts) != 2 or any(part.ndim < _MATRIX for part in parts):  # noqa: PLR2004 - two tensors
        raise UnknownMixingError("it is not of two tensors")
    first, second = parts
    _refuse_unknown(call)
    if setting(call, "transpose_a", "adjoint_a", default=False):
        first = np.swapaxes(first, -1, -2)
    if setting(call, "transpose_b", "adjoint_b", default=False):
        second = np.swapaxes(second, -1, -2)
    return (any_over(first, (first.ndim - 1,)) | any_over(second, (second.ndim - 2,)),)


def dot(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`dot` of NumPy, where the second is a matrix: the same."""
    if len(call.inputs) != 2 or len(call.inputs[1].shape) != _MATRIX:  # noqa: PLR2004 - two tensors
        raise UnknownMixingError("it is not of a tensor and a matrix")
    return matmul(call, moved)


def einsum(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Sums of products: a value moves if any that has a share in it does."""
    equation = setting(call, "subscripts", "equation", "0")
    if not isinstance(equation, str) or equation.count("->") != 1 or "." in equation:
        raise UnknownMixingError("its equation is not stated in full")
    left, right = equation.replace(" ", "").split("->")
    given, parts = left.split(","), all_moved(call, moved)
    if len(given) != len(parts):
        raise UnknownMixingError("its equation does not fit")
    _refuse_unknown(call)
    found = []
    for letters, part in zip(given, parts, strict=True):
        if len(letters) != part.ndim:
            raise UnknownMixingError("its equation does not fit")
        gone = [place for place, letter in enumerate(letters) if letter not in right]
        found.append(laid_out(any_over(part, gone), letters, right))
    return (union(found),)


def _refuse_unknown(call: MixedCall) -> None:
    """A mask in numbers may take steps out of a product."""
    if any(not one.moves for one in call.inputs):
        raise UnknownMixingError("it depends on values that are not known")


def constant(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Nothing of what it returns depends on the values."""
    del moved
    return tuple(still(len(shape)) for shape in call.outputs)


def _names(account: Account, listed: str) -> dict[str, Account]:
    return dict.fromkeys(listed.split(), account)


OPERATIONS: dict[str, Account] = {
    **_names(
        value_by_value,
        """
        abs absolute add addn addv2 angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh average batchnorm
        biasadd cast cbrt ceil celu clip clipbyvalue converttotensor copy cos cosh deg2rad divide dividenonan elu erf
        exp exp2 expm1 fabs floor floordivide floordiv fmod gelu hardshrink hardsigmoid hardsilu hardtanh identity
        leakyrelu log log10 log1p log2 logaddexp logaddexp2 logsigmoid mod nantonum negative neg polar pow power
        rad2deg real realdiv reciprocal relu relu6 round rsqrt saturatecast selu sigmoid silu sin sinc sinh softplus
        softshrink softsign sparseplus sparsesigmoid sqrt square squaredifference squareddifference squareplus
        stopgradient sub subtract swish tan tanh tanhshrink threshold truediv truedivide trunc
        """,
    ),
    **_names(product, "multiply mul maximum minimum fmax fmin"),
    **_names(chosen, "where wherev2 select selectv2"),
    **_names(
        reduction,
        """
        amax amin countnonzero logsumexp max mean median min moments nanmax nanmean nanmin nansum norm prod ptp
        reducelogsumexp reducemax reducemean reducemin reduceprod reducestd reducesum reducevariance std sum var
        """,
    ),
    **_names(along, "softmax logsoftmax sort l2normalize normalize sparsemax layernorm rmsnorm"),
    **_names(running, "cumsum cumprod"),
    **_names(matmul, "matmul batchmatmul batchmatmulv2"),
    "dot": dot,
    "einsum": einsum,
    **_names(constant, "oneslike zeroslike shape size full fulllike ones zeros arange range emptylike rank ndim"),
}
"""By bare name: operations that put values together."""
