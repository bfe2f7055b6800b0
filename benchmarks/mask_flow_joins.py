"""Cases of the mask flow where tensors come together: merges, attention, operators. For Python 3.7 or later."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from itertools import product

from mask_flow_kit import Kit, Layer, Tensor

Build = "Callable[[Kit], Tensor]"
Cases = "list[tuple[str, Build]]"

MERGES = (
    "Add",
    "Subtract",
    "Multiply",
    "Average",
    "Maximum",
    "Minimum",
    "Concatenate",
    "Concatenate(1)",
    "Dot(2)",
    "Dot(1)",
)
MASKS = ("both", "first", "second", "none")


def merge(k: Kit, kind: str) -> Layer:
    """A merging layer by its name and axis."""
    name, _, axis = kind.rstrip(")").partition("(")
    made = getattr(k, name)
    if name == "Dot":
        return made(axes=int(axis))
    return made(axis=int(axis)) if axis else made()


def pair(k: Kit, masks: str, names: tuple = ("values", "values2")) -> list:
    """Two inputs, of which these are masked."""
    first, second = names
    return [
        k.masked(first) if masks in {"both", "first"} else k.input(first),
        k.masked(second) if masks in {"both", "second"} else k.input(second),
    ]


def same_mask(k: Kit) -> list:
    inputs = k.masked()
    return [k.Dense(3)(inputs), k.Dense(3)(inputs)]


def three(k: Kit, masked: tuple) -> list:
    """The first two have different masks, the third that of the first."""
    first = k.masked() if 0 in masked else k.input("values")
    second = k.masked("values2") if 1 in masked else k.input("values2")
    third = k.Dense(3) if 2 in masked else k.Conv1D(3, 1)  # noqa: PLR2004
    return [first, second, third(first)]


def gated(k: Kit) -> list:
    inputs = k.masked()
    return [inputs, k.Dense(1)(inputs)]


def of_row(k: Kit) -> list:
    return [k.masked(), k.input("row")]


def of_once(k: Kit, masks: str) -> list:
    return pair(k, masks, ("values", "once"))


def of_ranks(k: Kit, masks: str) -> list:
    return pair(k, masks, ("frames", "values"))


def from_ids(k: Kit) -> list:
    return [k.embedded(), k.embedded("ids2")]


PARTNERS = [("both masked: same mask", same_mask), ("both masked: Embedding", from_ids)]
PARTNERS += [(masks + " masked", partial(pair, masks=masks)) for masks in MASKS]
PARTNERS += [
    ("three masked", partial(three, masked=(0, 1, 2))),
    ("three, first two masked", partial(three, masked=(0, 1))),
    ("three, last masked", partial(three, masked=(1,))),
]
BROADCAST = [("(B, T, 1) of the same mask", gated), ("plain (B, F)", of_row)]
BROADCAST += [("(B, 1, F), " + masks + " masked", partial(of_once, masks=masks)) for masks in MASKS]
BROADCAST += [("(B, T, S, F) and (B, T, F), both masked", partial(of_ranks, masks="both"))]
LENGTHS = [
    ("other length, " + masks + " masked", partial(pair, masks=masks, names=("values", "short"))) for masks in MASKS
]


def join(kind: str, partners: Build) -> Build:
    return lambda k: merge(k, kind)(partners(k))


def merge_cases() -> Cases:
    found = []
    for kind, (how, partners) in product((*MERGES, "Concatenate(2)"), PARTNERS):
        if not (how.startswith("three") and kind.startswith(("Dot", "Subtract"))):
            found.append((kind + " " + how, join(kind, partners)))
    for kind, (how, partners) in product(("Add", "Subtract", "Multiply", "Maximum"), BROADCAST):
        found.append((kind + " " + how, join(kind, partners)))
    found += [("Concatenate(1) " + how, join("Concatenate(1)", partners)) for how, partners in LENGTHS]
    found += [("Dot(2) " + how, join("Dot(2)", partners)) for how, partners in LENGTHS]
    found += [
        ("Concatenate(0) both masked", join("Concatenate(0)", partial(pair, masks="both"))),
        ("Concatenate masked and a slice", join("Concatenate", lambda k: k.on_masked(lambda x: [x, x[:, :, :1]]))),
        ("Add rank 2 both masked", join("Add", lambda k: [k.masked("row"), k.Dense(3)(k.Masking()(k.input("state")))])),
        ("Concatenate rank 2 both masked", join("Concatenate", lambda k: [k.masked("row"), k.masked("state")])),
        ("Concatenate rank 4 both masked", join("Concatenate", lambda k: [k.masked("frames"), k.embedded("slots")])),
        ("add function both masked", lambda k: k.add(pair(k, "both"))),
        ("concatenate function both masked", lambda k: k.concatenate(pair(k, "both"))),
    ]
    return found


def attention(kind: str, masks: str, inputs: int, **settings: object) -> Build:
    """Attention of a query of its own, and values (and keys) of another length."""

    def build(k: Kit) -> Tensor:
        made = getattr(k, kind)(**{name: value for name, value in settings.items() if name in MADE})
        query, value = pair(k, masks, ("values", "short"))
        called = {name: value for name, value in settings.items() if name not in MADE}
        return made([query, value] if inputs == 2 else [query, value, k.Dense(3)(value)], **called)  # noqa: PLR2004

    return build


MADE = ("use_scale", "causal", "dropout", "score_mode")


def attention_cases() -> Cases:
    found = []
    for kind, inputs, masks in product(("Attention", "AdditiveAttention"), (2, 3), MASKS):
        found.append((f"{kind} of {inputs}, {masks} masked", attention(kind, masks, inputs)))
    for kind in ("Attention", "AdditiveAttention"):
        found += [
            (kind + " with scores", attention(kind, "both", 2, return_attention_scores=True)),
            (kind + " use_causal_mask", attention(kind, "both", 2, use_causal_mask=True)),
            (kind + " causal", attention(kind, "both", 2, causal=True)),
            (kind + " of itself", partial(attended, kind=kind)),
            (kind + " of itself, then Add", partial(attended_add, kind=kind)),
            (kind + " mask=", partial(attended_mask, kind=kind)),
        ]
    return found


def attended(k: Kit, kind: str) -> Tensor:
    inputs = k.masked()
    return getattr(k, kind)()([inputs, inputs])


def attended_add(k: Kit, kind: str) -> Tensor:
    inputs = k.masked()
    return k.Dense(2)(k.Add()([inputs, getattr(k, kind)()([inputs, inputs])]))


def attended_mask(k: Kit, kind: str) -> Tensor:
    query, value = k.masked(), k.input("values2")
    given = k.input("given", dtype="bool")
    return getattr(k, kind)()([query, value], mask=[given, given])


def heads(k: Kit, kind: str) -> Layer:
    if kind == "MultiHeadAttention":
        return k.MultiHeadAttention(2, 2)
    return k.GroupQueryAttention(2, 2, 1)


def heads_of(kind: str, masks: str, keys: str, **settings: object) -> Build:
    """Attention of heads of a query, values and perhaps keys of their own."""

    def build(k: Kit) -> Tensor:
        query, value = pair(k, masks, ("values", "short"))
        if keys:
            settings["key"] = k.Dense(3)(value) if keys == "masked" else k.Conv1D(3, 1)(value)
        return heads(k, kind)(query, value, **settings)

    return build


def heads_of_itself(kind: str, **settings: object) -> Build:
    def build(k: Kit) -> Tensor:
        inputs = k.masked()
        if "attention_mask" in settings:
            settings["attention_mask"] = k.input("attend", dtype="bool")
        return heads(k, kind)(inputs, inputs, **settings)

    return build


def block(k: Kit, kind: str, read_first: bool = False, norm_first: bool = False) -> Tensor:  # noqa: FBT001, FBT002
    """A residual block; the mask of its input is read before the attention, or after it."""
    inputs = k.embedded()
    before = k.Dense(4)(inputs) if read_first else inputs
    query = k.LayerNormalization()(before) if norm_first else before
    added = k.Add()([before, heads(k, kind)(query, query)])
    hidden = k.LayerNormalization()(added)
    return k.Dense(2)(k.Add()([hidden, k.Dense(4)(hidden)]))


def heads_cases() -> Cases:
    found = []
    for kind in ("MultiHeadAttention", "GroupQueryAttention"):
        for masks, keys in product(MASKS, ("", "plain", "masked")):
            on = f"{kind} {masks} masked" + (f", {keys} keys" if keys else "")
            found.append((on, heads_of(kind, masks, keys)))
        found += [
            (kind + " of itself", heads_of_itself(kind)),
            (kind + " of itself use_causal_mask", heads_of_itself(kind, use_causal_mask=True)),
            (kind + " of itself attention_mask", heads_of_itself(kind, attention_mask=None)),
            (kind + " of itself with scores", heads_of_itself(kind, return_attention_scores=True)),
            (kind + " query_mask=", partial(heads_given, kind=kind)),
            (kind + " of a masked and a plain part", partial(heads_then_more, kind=kind)),
            (kind + " block", partial(block, kind=kind)),
            (kind + " block after Dense", partial(block, kind=kind, read_first=True)),
            (kind + " block, norm first", partial(block, kind=kind, norm_first=True)),
            (kind + " block twice", partial(two_blocks, kind=kind)),
        ]
    return found


def heads_given(k: Kit, kind: str) -> Tensor:
    inputs = k.input("values")
    return heads(k, kind)(inputs, inputs, query_mask=k.input("given", dtype="bool"))


def heads_then_more(k: Kit, kind: str) -> list:
    """What reads the query, and the values, after the attention."""
    query, value = pair(k, "both", ("values", "short"))
    return [heads(k, kind)(query, value), k.LSTM(2)(query), k.Dense(2)(value)]


def two_blocks(k: Kit, kind: str) -> Tensor:
    hidden = k.embedded()
    for _ in range(2):
        hidden = k.LayerNormalization()(k.Add()([hidden, heads(k, kind)(hidden, hidden)]))
    return k.LSTM(2)(hidden)


OPERATORS: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("x * 2", lambda x: x * 2),
    ("x + 1", lambda x: x + 1),
    ("1 - x", lambda x: 1 - x),
    ("x / 2", lambda x: x / 2),
    ("x ** 2", lambda x: x**2),
    ("-x", operator.neg),
    ("x > 0", lambda x: x > 0),
    ("x[:, 1:]", lambda x: x[:, 1:]),
    ("x[:, ::-1]", lambda x: x[:, ::-1]),
    ("x[:, :, 0]", lambda x: x[:, :, 0]),
    ("x[:, -1]", lambda x: x[:, -1]),
    ("x[..., None]", lambda x: x[..., None]),
    ("x[:, :, :2]", lambda x: x[:, :, :2]),
]
TWO: list[tuple[str, Callable[[Tensor, Tensor], Tensor]]] = [
    ("x + y", operator.add),
    ("x - y", operator.sub),
    ("x * y", operator.mul),
    ("x / y", operator.truediv),
]


def operator_cases() -> Cases:
    found = [(name, lambda k, of=of: of(k.masked())) for name, of in OPERATORS]
    found += [(name + " then Dense", lambda k, of=of: k.Dense(2)(of(k.masked()))) for name, of in OPERATORS[:1]]
    for (name, of), masks in product(TWO, ("both", "first", "second")):
        found.append((f"{name} {masks} masked", lambda k, of=of, masks=masks: of(*pair(k, masks))))
    return found


OPS: list[tuple[str, Callable[[Kit, Tensor], Tensor]]] = [
    ("ops.relu", lambda k, x: k.ops.relu(x)),
    ("ops.softmax", lambda k, x: k.ops.softmax(x)),
    ("ops.cast", lambda k, x: k.ops.cast(x, "float64")),
    ("ops.cast same", lambda k, x: k.ops.cast(x, "float32")),
    ("ops.reshape", lambda k, x: k.ops.reshape(x, (-1, 6, 3))),
    ("ops.transpose", lambda k, x: k.ops.transpose(x, (0, 2, 1))),
    ("ops.expand_dims", lambda k, x: k.ops.expand_dims(x, 2)),
    ("ops.squeeze", lambda k, x: k.ops.squeeze(k.Dense(1)(x), -1)),
    ("ops.where", lambda k, x: k.ops.where(x > 1, x, 0.0)),
    ("ops.concatenate", lambda k, x: k.ops.concatenate([x, x], axis=-1)),
    ("ops.stack", lambda k, x: k.ops.stack([x, x], axis=1)),
    ("ops.add", lambda k, x: k.ops.add(x, x)),
    ("ops.matmul", lambda k, x: k.ops.matmul(x, k.ops.transpose(x, (0, 2, 1)))),
    ("ops.einsum", lambda k, x: k.ops.einsum("btf,bsf->bts", x, x)),
    ("ops.mean", lambda k, x: k.ops.mean(x, axis=1)),
    ("ops.max", lambda k, x: k.ops.max(x, axis=1)),
    ("ops.split", lambda k, x: list(k.ops.split(x, 3, axis=-1))),
    ("ops.pad", lambda k, x: k.ops.pad(x, ((0, 0), (1, 0), (0, 0)))),
    ("ops.flip", lambda k, x: k.ops.flip(x, axis=1)),
    ("ops.identity-like stop_gradient", lambda k, x: k.ops.stop_gradient(x)),
    ("tf.nn.relu", lambda k, x: k.tf.nn.relu(x)),
    ("tf.identity", lambda k, x: k.tf.identity(x)),
    ("tf.cast", lambda k, x: k.tf.cast(x, "float64")),
    ("tf.cast same", lambda k, x: k.tf.cast(x, "float32")),
    ("tf.reshape", lambda k, x: k.tf.reshape(x, (-1, 6, 3))),
    ("tf.transpose", lambda k, x: k.tf.transpose(x, (0, 2, 1))),
    ("tf.expand_dims", lambda k, x: k.tf.expand_dims(x, 2)),
    ("tf.where", lambda k, x: k.tf.where(x > 1, x, k.tf.zeros_like(x))),
    ("tf.concat", lambda k, x: k.tf.concat([x, x], axis=-1)),
    ("tf.stack", lambda k, x: k.tf.stack([x, x], axis=1)),
    ("tf.matmul", lambda k, x: k.tf.matmul(x, x, transpose_b=True)),
    ("tf.reduce_mean", lambda k, x: k.tf.reduce_mean(x, axis=1)),
    ("tf.split", lambda k, x: list(k.tf.split(x, 3, axis=-1))),
    ("tf.squeeze", lambda k, x: k.tf.squeeze(k.Dense(1)(x), -1)),
    ("tf.stop_gradient", lambda k, x: k.tf.stop_gradient(x)),
]


def function_cases() -> Cases:
    return [(name, lambda k, of=of: of(k, k.masked())) for name, of in OPS]


def cases() -> Cases:
    """Names and functions that give the outputs of a model."""
    return merge_cases() + attention_cases() + heads_cases() + operator_cases() + function_cases()
