"""Cases of the mask flow with one layer that is given a mask. For Python 3.7 or later.

Each table holds names and functions of a Kit that make the layer; `cases` puts it behind what makes the mask.
"""

from __future__ import annotations

from itertools import product

from mask_flow_kit import WORDS, Kit, Layer, Tensor

Make = "Callable[[Kit], Layer]"
Build = "Callable[[Kit], Tensor]"
Cases = "list[tuple[str, Build]]"


def carried(inputs: Tensor, mask: Tensor = None) -> Tensor:  # noqa: ARG001 - as Lambda calls it
    return mask


def of_ids(inputs: Tensor, mask: Tensor = None) -> Tensor:  # noqa: ARG001 - as Lambda calls it
    return inputs > 0


def spread(inputs: Tensor) -> Tensor:
    """`(B, T, F)` as `(B, T, SLOTS, F)`."""
    return inputs[:, :, None, :] * ([[1.0]] * 5)


def as_image(inputs: Tensor) -> Tensor:
    """`(B, T, F)` as `(B, T, F, 1, 1)`."""
    return inputs[:, :, :, None, None]


VALUES: list[tuple[str, Make]] = [
    ("Dense", lambda k: k.Dense(4)),
    ("Dense relu", lambda k: k.Dense(4, activation="relu")),
    ("Activation(tanh)", lambda k: k.Activation("tanh")),
    ("Activation(linear)", lambda k: k.Activation("linear")),
    ("Activation(softmax)", lambda k: k.Activation("softmax")),
    ("Dropout", lambda k: k.Dropout(0.5)),
    ("Dropout(0)", lambda k: k.Dropout(0.0)),
    ("SpatialDropout1D", lambda k: k.SpatialDropout1D(0.5)),
    ("GaussianNoise", lambda k: k.GaussianNoise(0.5)),
    ("GaussianDropout", lambda k: k.GaussianDropout(0.5)),
    ("AlphaDropout", lambda k: k.AlphaDropout(0.5)),
    ("ActivityRegularization", lambda k: k.ActivityRegularization(0.1)),
    ("Lambda", lambda k: k.Lambda(lambda x: x * 2)),
    ("Lambda(output_shape)", lambda k: k.Lambda(lambda x: x * 2, output_shape=(6, 3))),
    ("Lambda(mask=function)", lambda k: k.Lambda(lambda x: x * 2, mask=carried)),
    ("Lambda of mask argument", lambda k: k.Lambda(lambda x, mask=None: x * 2)),  # noqa: ARG005
    ("Masking of masked", lambda k: k.Masking()),
    ("Masking(other value) of masked", lambda k: k.Masking(5.0)),
    ("Flatten", lambda k: k.Flatten()),
    ("Reshape((6, 3))", lambda k: k.Reshape((6, 3))),
    ("Reshape((3, 6))", lambda k: k.Reshape((3, 6))),
    ("Reshape((18,))", lambda k: k.Reshape((18,))),
    ("Reshape((6, 3, 1))", lambda k: k.Reshape((6, 3, 1))),
    ("Permute((2, 1))", lambda k: k.Permute((2, 1))),
    ("Permute((1, 2))", lambda k: k.Permute((1, 2))),
    ("Identity", lambda k: k.Identity()),
    ("Layer", lambda k: k.Layer()),
    ("EinsumDense", lambda k: k.EinsumDense("abc,cd->abd", output_shape=(None, 4))),
    ("Rescaling", lambda k: k.Rescaling(0.5)),
    ("Normalization", lambda k: k.Normalization(axis=-1, mean=0.0, variance=1.0)),
    ("Discretization of values", lambda k: k.Discretization(bin_boundaries=[0.0, 1.0])),
    ("Conv1D width 1", lambda k: k.Conv1D(4, 1)),
    ("Conv1D", lambda k: k.Conv1D(4, 3)),
    ("Conv1D same", lambda k: k.Conv1D(4, 3, padding="same")),
    ("Conv1D causal", lambda k: k.Conv1D(4, 3, padding="causal")),
    ("Conv1D strides", lambda k: k.Conv1D(4, 2, strides=2)),
    ("Conv1D dilated", lambda k: k.Conv1D(4, 2, dilation_rate=2, padding="same")),
    ("SeparableConv1D", lambda k: k.SeparableConv1D(4, 3, padding="same")),
    ("SeparableConv1D width 1", lambda k: k.SeparableConv1D(4, 1)),
    ("DepthwiseConv1D", lambda k: k.DepthwiseConv1D(3, padding="same")),
    ("Conv1DTranspose", lambda k: k.Conv1DTranspose(4, 3, padding="same")),
    ("LocallyConnected1D", lambda k: k.LocallyConnected1D(4, 3)),
    ("LocallyConnected1D width 1", lambda k: k.LocallyConnected1D(4, 1)),
    ("MaxPooling1D", lambda k: k.MaxPooling1D(2)),
    ("MaxPooling1D same steps", lambda k: k.MaxPooling1D(3, strides=1, padding="same")),
    ("AveragePooling1D", lambda k: k.AveragePooling1D(2)),
    ("GlobalMaxPooling1D", lambda k: k.GlobalMaxPooling1D()),
    ("GlobalMaxPooling1D(keepdims)", lambda k: k.GlobalMaxPooling1D(keepdims=True)),
    ("GlobalAveragePooling1D", lambda k: k.GlobalAveragePooling1D()),
    ("GlobalAveragePooling1D(keepdims)", lambda k: k.GlobalAveragePooling1D(keepdims=True)),
    ("GlobalAveragePooling1D(channels_first)", lambda k: k.GlobalAveragePooling1D(data_format="channels_first")),
    ("AdaptiveAveragePooling1D", lambda k: k.AdaptiveAveragePooling1D(3)),
    ("AdaptiveMaxPooling1D", lambda k: k.AdaptiveMaxPooling1D(3)),
    ("UpSampling1D", lambda k: k.UpSampling1D(2)),
    ("UpSampling1D(1)", lambda k: k.UpSampling1D(1)),
    ("ZeroPadding1D", lambda k: k.ZeroPadding1D(1)),
    ("ZeroPadding1D(0)", lambda k: k.ZeroPadding1D(0)),
    ("Cropping1D", lambda k: k.Cropping1D(1)),
    ("Cropping1D(0)", lambda k: k.Cropping1D(0)),
    ("BatchNormalization", lambda k: k.BatchNormalization()),
    ("BatchNormalization(axis=1)", lambda k: k.BatchNormalization(axis=1)),
    ("SyncBatchNormalization", lambda k: k.SyncBatchNormalization()),
    ("LayerNormalization", lambda k: k.LayerNormalization()),
    ("LayerNormalization(axis=1)", lambda k: k.LayerNormalization(axis=1)),
    ("LayerNormalization(axis=[1, 2])", lambda k: k.LayerNormalization(axis=[1, 2])),
    ("GroupNormalization", lambda k: k.GroupNormalization(groups=3)),
    ("GroupNormalization(1)", lambda k: k.GroupNormalization(groups=1)),
    ("RMSNormalization", lambda k: k.RMSNormalization()),
    ("UnitNormalization", lambda k: k.UnitNormalization()),
    ("UnitNormalization(axis=1)", lambda k: k.UnitNormalization(axis=1)),
    ("SpectralNormalization(Dense)", lambda k: k.SpectralNormalization(k.Dense(4))),
    ("Wrapper(Dense)", lambda k: k.Wrapper(k.Dense(4))),
    ("ReLU", lambda k: k.ReLU()),
    ("LeakyReLU", lambda k: k.LeakyReLU()),
    ("PReLU", lambda k: k.PReLU()),
    ("PReLU(shared)", lambda k: k.PReLU(shared_axes=[1])),
    ("ELU", lambda k: k.ELU()),
    ("ThresholdedReLU", lambda k: k.ThresholdedReLU()),
    ("Softmax", lambda k: k.Softmax()),
    ("Softmax(axis=1)", lambda k: k.Softmax(axis=1)),
    ("Softmax(axis=[1, 2])", lambda k: k.Softmax(axis=[1, 2])),
    ("RandomFourierFeatures", lambda k: k.RandomFourierFeatures(4)),
    ("MelSpectrogram", lambda k: k.MelSpectrogram(fft_length=4)),
    ("StackedRNNCells alone", lambda k: k.StackedRNNCells([k.LSTMCell(3)])),
    ("Bidirectional(LSTM) then state", lambda k: k.Bidirectional(k.LSTM(3, return_state=True))),
    ("TimeDistributed(Dense)", lambda k: k.TimeDistributed(k.Dense(4))),
    ("TimeDistributed(Dropout)", lambda k: k.TimeDistributed(k.Dropout(0.5))),
    ("TimeDistributed(RepeatVector)", lambda k: k.TimeDistributed(k.RepeatVector(2))),
    ("TimeDistributed(Reshape)", lambda k: k.TimeDistributed(k.Reshape((3, 1)))),
    ("TimeDistributed(Masking)", lambda k: k.TimeDistributed(k.Masking())),
    ("TimeDistributed(Sequential)", lambda k: k.TimeDistributed(k.sequential(k.Dense(4), k.Dense(2)))),
]
"""Of values with a mask `(B, T)`."""

IDS: list[tuple[str, Make]] = [
    ("Embedding of masked ids", lambda k: k.Embedding(WORDS, 4)),
    ("Embedding(mask_zero) of masked ids", lambda k: k.Embedding(WORDS, 4, mask_zero=True)),
    ("ReversibleEmbedding of masked ids", lambda k: k.ReversibleEmbedding(WORDS, 4)),
    ("ReversibleEmbedding(mask_zero) of masked ids", lambda k: k.ReversibleEmbedding(WORDS, 4, mask_zero=True)),
    ("Discretization of masked ids", lambda k: k.Discretization(bin_boundaries=[2.0, 4.0])),
    ("CategoryEncoding of masked ids", lambda k: k.CategoryEncoding(num_tokens=WORDS, output_mode="multi_hot")),
    ("CategoryEncoding(one_hot) of masked ids", lambda k: k.CategoryEncoding(num_tokens=WORDS, output_mode="one_hot")),
    ("IntegerLookup of masked ids", lambda k: k.IntegerLookup(vocabulary=[1, 2, 3])),
    ("IntegerLookup(mask_token) of masked ids", lambda k: k.IntegerLookup(vocabulary=[1, 2, 3], mask_token=0)),
    ("Hashing of masked ids", lambda k: k.Hashing(num_bins=3)),
    ("Activation(linear) of masked ids", lambda k: k.Activation("linear")),
    ("Dense of masked ids", lambda k: k.Dense(3)),
    ("Reshape of masked ids", lambda k: k.Reshape((6, 1))),
]
"""Of ids with a mask `(B, T)`."""

PER_SLOT: list[tuple[str, Make]] = [
    ("Dense", lambda k: k.Dense(4)),
    ("LayerNormalization", lambda k: k.LayerNormalization()),
    ("Softmax", lambda k: k.Softmax()),
    ("Flatten", lambda k: k.Flatten()),
    ("Reshape", lambda k: k.Reshape((6, -1))),
    ("Conv2D", lambda k: k.Conv2D(4, 1)),
    ("GlobalAveragePooling2D", lambda k: k.GlobalAveragePooling2D()),
    ("GlobalMaxPooling2D", lambda k: k.GlobalMaxPooling2D()),
    ("MaxPooling2D", lambda k: k.MaxPooling2D(1)),
    ("UpSampling2D", lambda k: k.UpSampling2D(1)),
    ("ZeroPadding2D", lambda k: k.ZeroPadding2D(1)),
    ("ConvLSTM1D", lambda k: k.ConvLSTM1D(2, 1)),
    ("ConvLSTM1D(return_sequences)", lambda k: k.ConvLSTM1D(2, 1, return_sequences=True)),
    ("TimeDistributed(Dense)", lambda k: k.TimeDistributed(k.Dense(4))),
    ("TimeDistributed(Conv1D)", lambda k: k.TimeDistributed(k.Conv1D(4, 1))),
    ("TimeDistributed(LSTM)", lambda k: k.TimeDistributed(k.LSTM(3))),
    ("TimeDistributed(LSTM(return_sequences))", lambda k: k.TimeDistributed(k.LSTM(3, return_sequences=True))),
    ("TimeDistributed(Bidirectional(GRU))", lambda k: k.TimeDistributed(k.Bidirectional(k.GRU(3)))),
    ("TimeDistributed(GlobalAveragePooling1D)", lambda k: k.TimeDistributed(k.GlobalAveragePooling1D())),
    ("TimeDistributed(GlobalMaxPooling1D)", lambda k: k.TimeDistributed(k.GlobalMaxPooling1D())),
    ("TimeDistributed(Flatten)", lambda k: k.TimeDistributed(k.Flatten())),
    ("TimeDistributed(Masking)", lambda k: k.TimeDistributed(k.Masking())),
    ("TimeDistributed(TimeDistributed(Dense))", lambda k: k.TimeDistributed(k.TimeDistributed(k.Dense(4)))),
    ("TimeDistributed(Sequential Dense)", lambda k: k.TimeDistributed(k.sequential(k.Dense(4), k.Dropout(0.1)))),
    ("TimeDistributed(Sequential Masking LSTM)", lambda k: k.TimeDistributed(k.sequential(k.Masking(), k.LSTM(3)))),
]
"""Of values `(B, T, S, F)` with a mask `(B, T)` or `(B, T, S)`."""

SOURCES: list[tuple[str, Build]] = [
    ("Masking", lambda k: k.masked()),
    ("Masking(other value)", lambda k: k.Masking(5.0)(k.input("values"))),
    ("Masking rank 2", lambda k: k.masked("row")),
    ("Masking rank 4", lambda k: k.masked("frames")),
    ("Masking rank 5", lambda k: k.masked("video")),
    ("Masking one feature", lambda k: k.masked("series")),
    ("Masking of ids", lambda k: k.masked("ids")),
    ("Embedding(mask_zero)", lambda k: k.embedded()),
    ("Embedding", lambda k: k.Embedding(WORDS, 4)(k.input("ids"))),
    ("Embedding(mask_zero) rank 3", lambda k: k.embedded("slots")),
    (
        "Embedding(mask_zero) of float ids",
        lambda k: k.Embedding(WORDS, 4, mask_zero=True)(k.input("ids", dtype="float32")),
    ),
    ("ReversibleEmbedding(mask_zero)", lambda k: k.ReversibleEmbedding(WORDS, 4, mask_zero=True)(k.input("ids"))),
    ("Lambda mask of ids", lambda k: k.Lambda(lambda x: x, mask=of_ids)(k.input("ids"))),
    ("IntegerLookup(mask_token)", lambda k: k.IntegerLookup(vocabulary=[1, 2, 3], mask_token=0)(k.input("ids"))),
    (
        "TimeDistributed(Embedding(mask_zero))",
        lambda k: k.TimeDistributed(k.Embedding(WORDS, 4, mask_zero=True))(k.input("slots")),
    ),
    ("TimeDistributed(Masking) of rank 4", lambda k: k.TimeDistributed(k.Masking())(k.input("frames"))),
    ("RepeatVector of masked rank 2", lambda k: k.RepeatVector(3)(k.masked("row"))),
    ("Dense of masked rank 2", lambda k: k.Dense(3)(k.masked("row"))),
    ("Flatten of masked rank 2", lambda k: k.Flatten()(k.masked("row"))),
    ("Reshape of masked rank 2", lambda k: k.Reshape((1, 3))(k.masked("row"))),
    ("Softmax(axis=1) of one feature", lambda k: k.Softmax(axis=1)(k.masked("series"))),
    ("Conv1D of plain", lambda k: k.Conv1D(4, 3)(k.input("values"))),
    ("ConvLSTM2D of masked rank 5", lambda k: k.ConvLSTM2D(2, 1, return_sequences=True)(k.masked("video"))),
]
"""What makes a mask, and layers that need other ranks."""

RECURRENT = ("SimpleRNN", "GRU", "LSTM", "CuDNNGRU", "CuDNNLSTM", "RNN(LSTMCell)", "RNN(cells)", "RNN(StackedRNNCells)")
BOOLS = (False, True)


def recurrent(k: Kit, kind: str, **settings: object) -> Layer:
    """A recurrent layer by the name of its class, or a RNN of cells."""
    if kind == "RNN(LSTMCell)":
        return k.RNN(k.LSTMCell(3), **settings)
    if kind == "RNN(cells)":
        return k.RNN([k.GRUCell(3), k.LSTMCell(3)], **settings)
    if kind == "RNN(StackedRNNCells)":
        return k.RNN(k.StackedRNNCells([k.SimpleRNNCell(3), k.GRUCell(3)]), **settings)
    return getattr(k, kind)(3, **settings)


def named(kind: str, settings: dict) -> str:
    on = ", ".join(
        name if value is True else name + "=" + str(value) for name, value in settings.items() if value is not False
    )
    return kind + " " + on if on else kind


def recurrent_cases() -> Cases:
    """Recurrent layers in all ways that change what they return."""
    found = []
    for kind, sequences, state, backwards in product(RECURRENT, BOOLS, BOOLS, BOOLS):
        settings = {"return_sequences": sequences, "return_state": state, "go_backwards": backwards}
        found.append((kind, settings))
    for kind, sequences in product(("SimpleRNN", "GRU", "LSTM", "RNN(LSTMCell)"), BOOLS):
        found.append((kind, {"return_sequences": sequences, "zero_output_for_mask": True}))
        found.append((kind, {"return_sequences": sequences, "unroll": True}))
    cases = [(named(kind, settings), behind_mask(recurrent_of(kind, settings))) for kind, settings in found]
    for kind, sequences in product(("SimpleRNN", "GRU", "LSTM"), BOOLS):
        settings = {"return_sequences": sequences}
        cases.append((named(kind, settings) + " stateful", stateful(kind, sequences)))
        cases.append((named(kind, settings) + " initial_state", from_state(kind, sequences)))
    for merge, sequences, kind in product(("concat", "sum", "mul", "ave", None), BOOLS, ("LSTM", "GRU")):
        cases.append(
            (
                named("Bidirectional(" + kind + ") " + str(merge), {"return_sequences": sequences}),
                both_ways(kind, merge, sequences),
            )
        )
    return cases


def recurrent_of(kind: str, settings: dict) -> Make:
    return lambda k: recurrent(k, kind, **settings)


def behind_mask(make: Make) -> Build:
    return lambda k: make(k)(k.masked())


def stateful(kind: str, sequences: bool) -> Build:  # noqa: FBT001
    return lambda k: recurrent(k, kind, return_sequences=sequences, stateful=True)(
        k.Masking()(k.input("values", batch_shape=(4, 6, 3)))
    )


def from_state(kind: str, sequences: bool) -> Build:  # noqa: FBT001
    def build(k: Kit) -> Tensor:
        inputs, state = k.masked(), k.input("state")
        states = [state, state] if kind == "LSTM" else state
        return recurrent(k, kind, return_sequences=sequences)(inputs, initial_state=states)

    return build


def both_ways(kind: str, merge: str | None, sequences: bool) -> Build:  # noqa: FBT001
    return lambda k: k.Bidirectional(recurrent(k, kind, return_sequences=sequences), merge_mode=merge)(k.masked())


def rank_cases() -> Cases:
    """Layers of values `(B, T, S, F)` and `(B, T, H, W, F)`."""
    found = []
    for name, make in PER_SLOT:
        found.append((name + " of (B, T, S) mask", lambda k, make=make: make(k)(k.masked("frames"))))
        found.append((name + " of (B, T, 5, 4) Embedding", lambda k, make=make: make(k)(k.embedded("slots"))))
        found.append(
            (name + " of (B, T) mask", lambda k, make=make: make(k)(k.Lambda(spread, mask=carried)(k.masked())))
        )
    for sequences in BOOLS:
        settings = {"return_sequences": sequences}
        found.append(
            (
                named("ConvLSTM2D", settings) + " of (B, T) mask",
                lambda k, settings=settings: k.ConvLSTM2D(2, 1, **settings)(
                    k.Lambda(as_image, mask=carried)(k.masked())
                ),
            )
        )
    return found


def cases() -> Cases:
    """Names and functions that give the outputs of a model."""
    found = [(name, build) for name, build in SOURCES]
    found += [(name, behind_mask(make)) for name, make in VALUES]
    for name, make in IDS:
        found.append((name, lambda k, make=make: make(k)(k.Lambda(lambda x: x, mask=of_ids)(k.input("ids")))))
    return found + recurrent_cases() + rank_cases()
